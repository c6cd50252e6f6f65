// Times in a named zone: what the clock on the wall says, and where days and hours begin there. Days of 23 and 25
// hours come out right because every tick is found on the wall's clock.
(() => {
  "use strict";
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const FIELDS = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  // In hours up to a day, then days, then months.
  const HOURS = [0.25, 0.5, 1, 2, 3, 6, 12];
  const DAYS = [1, 2, 7, 14];
  const MONTHS = [1, 2, 3, 6, 12];

  const clock = (zone, locale) => {
    const parts = new Intl.DateTimeFormat("en-GB", { ...FIELDS, hourCycle: "h23", timeZone: zone });
    const shows = (fields) => new Intl.DateTimeFormat(locale, { ...fields, timeZone: zone });
    const formats = {
      minute: shows({ hour: "2-digit", minute: "2-digit" }),
      day: shows({ day: "numeric", month: "short" }),
      month: shows({ month: "short", year: "numeric" }),
      moment: shows({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }),
      date: shows({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
    };
    const wall = (at) => {
      const found = {};
      for (const { type, value } of parts.formatToParts(at)) found[type] = Number(value);
      return found;
    };
    // Milliseconds by which the wall's clock is ahead of UTC.
    const offset = (at) => {
      const w = wall(at);
      return Date.UTC(w.year, w.month - 1, w.day, w.hour, w.minute, w.second) - Math.floor(at / 1000) * 1000;
    };
    // When the wall's clock says so. A time that is left out comes out an hour later; of two, it is the first.
    const moment = (year, month, day, hour = 0) => {
      const utc = Date.UTC(year, month - 1, day, 0, Math.round(hour * 60));
      const guess = utc - offset(utc - offset(utc));
      const earlier = utc - offset(guess - HOUR);
      return earlier < guess && earlier + offset(earlier) === utc ? earlier : guess;
    };
    return {
      wall,
      at: moment,
      moment: (at) => formats.moment.format(at),
      date: (at) => formats.date.format(at),
      // ISO date, for addresses.
      day: (at) => {
        const w = wall(at);
        return [String(w.year).padStart(4, "0"), String(w.month).padStart(2, "0"), String(w.day).padStart(2, "0")].join("-");
      },
      label: (at) => {
        const w = wall(at);
        if (w.hour || w.minute) return formats.minute.format(at);
        return formats.day.format(at);
      },
      month: (at) => formats.month.format(at),
    };
  };

  const byHours = (from, until, zone, step) => {
    const found = [];
    const grid = step < 1 ? step * HOUR : HOUR;
    for (let at = Math.ceil(from / grid) * grid; at <= until; at += grid) {
      const { hour, minute } = zone.wall(at);
      const into = hour + minute / 60;
      if (Math.abs(into / step - Math.round(into / step)) < 1e-6) found.push(at);
    }
    return found;
  };

  const byDays = (from, until, zone, step) => {
    const found = [];
    const first = zone.wall(from);
    for (let number = 0; ; number += 1) {
      // Date.UTC carries days over the end of a month.
      const day = new Date(Date.UTC(first.year, first.month - 1, first.day + number));
      const at = zone.at(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate());
      if (at > until) return found;
      const epochDay = Math.round(day.getTime() / DAY);
      // The fourth day of the epoch was a Monday: steps of weeks begin on one.
      if (at >= from && (epochDay - 4) % step === 0) found.push(at);
    }
  };

  const byMonths = (from, until, zone, step) => {
    const found = [];
    const first = zone.wall(from);
    for (let number = 0; ; number += 1) {
      const month = first.month - 1 + number;
      const at = zone.at(first.year + Math.floor(month / 12), (month % 12) + 1, 1);
      if (at > until) return found;
      if (at >= from && month % step === 0) found.push(at);
    }
  };

  // Round times between two moments, at most `most` of them.
  const ticks = (from, until, zone, most) => {
    const span = until - from;
    const hours = HOURS.find((step) => span / (step * HOUR) <= most);
    if (hours) return byHours(from, until, zone, hours);
    const days = DAYS.find((step) => span / (step * DAY) <= most);
    if (days) return byDays(from, until, zone, days);
    const months = MONTHS.find((step) => span / (step * 30.4 * DAY) <= most) || 12;
    return byMonths(from, until, zone, months);
  };

  window.IumTime = { clock, ticks };
})();
