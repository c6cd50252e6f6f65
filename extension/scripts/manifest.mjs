// The manifests of all browsers: one function, so that every difference is visible here.

// Public half of a key whose private half was thrown away: it only gives unpacked and self-hosted builds for
// Chrome and Edge the same id on every machine (icfmkbgclckkhijflihdjcbhhcoonepi). Stores give ids of their own.
const DEVELOPMENT_KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtxFhp9iKP/BLhBbX0QtZ6FU/LFYRsQQWqXuqVkH/yq1k49Xfqbh7324zeAcI6YC7qlp9WpNlbR8U6HfEke3X8+FWyjQ5kfR2E2qFbn+vuDXXZIBSmL1MSHiTDDAoU8rlQcT9PAN6C1Ujx+SqZAa24UwhIlIWDiGd9dEYaxhVI1TKM810kENS+rKVSxtgS+G/yzMIP82A+gEPHVOgnxpcdqZvLoWNJIA0jYvbm/c41DRBA0uZy7wqTAaMK3YdP/qHccm/kcL06wzUcEpQX4tZAbMhcKRyyd7HYIyOpvfl/zqMW6XXtFBy11QzUYw9a91NAoTMpakFeVRN6LNvxggW7QIDAQAB";

export const FIREFOX_ID = "extension@ium.invalid";
export const TARGETS = ["chrome", "firefox"];

// Jira Cloud's sites, and Atlassian's "request access" page with the way back in its address.
const SITES = "https://*.atlassian.net/*";
const NO_ACCESS = "https://id.atlassian.com/join/user-access*";

/** The manifest of a target ("chrome", also for Edge, or "firefox"). With `store` without the development key. */
export function manifest(target, version, { store = false } = {}) {
  return {
    manifest_version: 3,
    name: "__MSG_extensionName__",
    short_name: "IUM",
    description: "__MSG_extensionDescription__",
    version,
    default_locale: "en",
    icons: icons(),
    action: { default_popup: "popup.html", default_title: "__MSG_extensionName__", default_icon: icons() },
    options_ui: { page: "options.html", open_in_tab: true },
    permissions: ["alarms", "idle", "identity", "notifications", "scripting", "storage"],
    host_permissions: [SITES],
    optional_host_permissions: ["https://*/*", "http://127.0.0.1/*", "http://localhost/*"],
    content_scripts: [
      { matches: [SITES], js: ["content.js"], run_at: "document_start" },
      { matches: [NO_ACCESS], js: ["denied.js"], run_at: "document_start" },
    ],
    ...(target === "chrome" ? chrome(store) : firefox()),
  };
}

function icons() {
  return Object.fromEntries([16, 32, 48, 128].map((size) => [size, `icons/${size}.png`]));
}

function chrome(store) {
  return {
    background: { service_worker: "background.js" },
    minimum_chrome_version: "120",
    storage: { managed_schema: "managed_schema.json" },
    ...(store ? {} : { key: DEVELOPMENT_KEY }),
  };
}

function firefox() {
  return {
    background: { scripts: ["background.js"] },
    browser_specific_settings: {
      gecko: {
        id: FIREFOX_ID,
        strict_min_version: "140.0",
        data_collection_permissions: {
          required: ["authenticationInfo", "browsingActivity", "websiteActivity"],
        },
      },
      gecko_android: { strict_min_version: "142.0" },
    },
  };
}
