// Draws every <figure data-chart>: the JSON of its <script type="application/json"> with Apache ECharts (vendor/).
// What the JSON may hold is in docs/charts.md. Title, sentence, table and buttons are the page's own HTML, so nothing
// is lost without this script. Times are drawn in the zone that the data names, never in the browser's.
(() => {
  "use strict";
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const { clock, ticks } = window.IumTime;
  const { option, exported } = window.IumOptions;
  const charts = new Map();

  const dark = () => document.documentElement.classList.contains("dark");

  // The colours are the style sheet's: one value for each tone, light and dark.
  const palette = (figure) => {
    const style = getComputedStyle(figure);
    return (tone) => style.getPropertyValue(`--chart-${tone}`).trim() || "#64748b";
  };

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.canvas = figure.querySelector("[data-canvas]");
      this.data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
      this.clock = clock(this.data.zone || "UTC", this.data.locale || "en-GB");
      this.hidden = new Set();
      this.view = this.whole();
      this.canvas.hidden = false;
      this.echart = window.echarts.init(this.canvas, null, { renderer: "canvas" });
      this.echart.on("datazoom", () => this.zoomed());
      this.observer = new ResizeObserver(() => this.resized());
      this.observer.observe(this.canvas);
      this.tools();
      this.legend();
      this.render();
    }

    whole() {
      return [this.data.from, this.data.until];
    }

    canZoom() {
      return this.data.kind === "time" && this.data.until > this.data.from;
    }

    context(width) {
      return {
        data: this.data,
        clock: this.clock,
        colour: palette(this.figure),
        hidden: this.hidden,
        dark: dark(),
        view: this.view,
        width,
        ticks: this.canZoom() ? ticks(this.view[0], this.view[1], this.clock, Math.max(2, width / 90)) : [],
      };
    }

    render() {
      this.width = this.canvas.clientWidth || 600;
      this.echart.setOption(option(this.context(this.width)), { notMerge: true });
    }

    resized() {
      const width = this.canvas.clientWidth;
      if (!width || width === this.width) return;
      this.echart.resize();
      this.render();
    }

    zoomed() {
      const zoom = this.echart.getOption().dataZoom[0];
      const [from, until] = this.whole();
      const span = until - from;
      this.view = [from + (span * zoom.start) / 100, from + (span * zoom.end) / 100];
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.render(), 60);
      this.say();
    }

    // Moves by share of what is visible; zooms around its middle. Never narrower than four steps of the data.
    move(share, factor = 1) {
      const [from, until] = this.whole();
      const least = Math.min(until - from, 4 * (this.data.step || HOUR));
      const span = Math.max(least, Math.min(until - from, (this.view[1] - this.view[0]) * factor));
      const middle = (this.view[0] + this.view[1]) / 2 + share * span;
      const start = Math.min(Math.max(middle - span / 2, from), until - span);
      this.view = [start, start + span];
      this.render();
      this.say();
    }

    say() {
      const [from, until] = this.view;
      const all = from <= this.data.from && until >= this.data.until;
      const place = this.figure.querySelector("[data-range]");
      if (place) place.textContent = all ? "" : `${this.clock.moment(from)} – ${this.clock.moment(until)}`;
      const link = this.figure.querySelector("[data-detail]");
      if (!link) return;
      link.hidden = all;
      const address = new URL(location.href);
      address.searchParams.set("period", "free");
      address.searchParams.set("since", this.clock.day(from));
      address.searchParams.set("until", this.clock.day(until - 1));
      address.hash = this.figure.id;
      link.href = address.href;
    }

    tools() {
      const tools = this.figure.querySelector("[data-tools]");
      if (!tools) return;
      tools.hidden = false;
      const does = {
        in: () => this.move(0, 0.5),
        out: () => this.move(0, 2),
        earlier: () => this.move(-0.5),
        later: () => this.move(0.5),
        whole: () => this.move(0, Infinity),
        png: () => this.png(),
        svg: () => this.svg(),
      };
      for (const button of tools.querySelectorAll("[data-do]")) {
        const zooms = button.hasAttribute("data-zoom");
        button.hidden = zooms && !this.canZoom();
        button.addEventListener("click", does[button.dataset.do]);
      }
    }

    // Buttons instead of the library's legend: they can be reached by keyboard and wrap on narrow screens.
    legend() {
      const list = this.figure.querySelector("[data-legend]");
      const series = this.data.series || [];
      if (!list || series.length < 2) return;
      list.replaceChildren(...series.map((one) => this.entry(one)));
      list.hidden = false;
    }

    entry(one) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const swatch = document.createElement("span");
      button.type = "button";
      button.dataset.tone = one.tone || "main";
      button.dataset.shape = one.dashed ? "dashed" : one.shape || (this.data.kind === "bars" ? "bar" : "line");
      button.setAttribute("aria-pressed", "true");
      swatch.setAttribute("aria-hidden", "true");
      button.append(swatch, one.name);
      button.addEventListener("click", () => {
        if (!this.hidden.delete(one.name)) this.hidden.add(one.name);
        button.setAttribute("aria-pressed", String(!this.hidden.has(one.name)));
        this.render();
      });
      item.append(button);
      return item;
    }

    paper(renderer) {
      const size = { width: 1200, height: this.data.kind === "heatmap" ? 480 : 560 };
      const settings = renderer === "svg" ? { renderer, ssr: true, ...size } : { renderer, devicePixelRatio: 2, ...size };
      const target = renderer === "svg" ? null : document.createElement("div");
      const chart = window.echarts.init(target, null, settings);
      const title = this.figure.querySelector("[data-title]");
      const words = title ? title.textContent.trim() : "";
      chart.setOption(exported(this.context(size.width), words, this.data.subtitle || ""));
      return chart;
    }

    svg() {
      const chart = this.paper("svg");
      this.keep(new Blob([chart.renderToSVGString()], { type: "image/svg+xml" }), "svg");
      chart.dispose();
    }

    png() {
      const chart = this.paper("canvas");
      const background = this.context(0).colour("paper");
      chart.renderToCanvas({ pixelRatio: 2, backgroundColor: background }).toBlob((blob) => {
        this.keep(blob, "png");
        chart.dispose();
      }, "image/png");
    }

    keep(blob, ending) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${this.data.file || this.figure.id || "chart"}.${ending}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), MINUTE);
    }

    dispose() {
      this.observer.disconnect();
      this.echart.dispose();
    }
  }

  // Draws a figure, also again after its JSON was exchanged. Without the library the table is opened instead.
  const draw = (figure) => {
    charts.get(figure)?.dispose();
    charts.delete(figure);
    if (!figure.querySelector("script[type='application/json']")) return;
    if (window.echarts) {
      charts.set(figure, new Chart(figure));
    } else {
      for (const details of figure.querySelectorAll("details")) details.open = true;
    }
  };

  const drawAll = () => {
    for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
  };

  // The admin's switch between light and dark sets a class.
  new MutationObserver(() => {
    for (const chart of charts.values()) chart.render();
  }).observe(document.documentElement, { attributeFilter: ["class"] });

  window.IumCharts = { draw, of: (figure) => charts.get(figure), DAY };
  drawAll();
})();
