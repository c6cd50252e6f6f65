// What ECharts is told, made from IUM's JSON: axes, series, gaps, words. Nothing here touches the page. Tooltips are
// drawn into the picture ("richText"), because the library's HTML ones need inline styles.
(() => {
  "use strict";
  const FONT = "Inter, system-ui, sans-serif";

  const units = (locale) => {
    const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
    const unit = (name, digits = 0) =>
      new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits });
    const [second, minute, hour, day] = [unit("second", 1), unit("minute"), unit("hour", 1), unit("day", 1)];
    const length = (value) => {
      if (value < 120) return second.format(value);
      if (value < 7200) return minute.format(value / 60);
      return value < 172_800 ? hour.format(value / 3600) : day.format(value / 86_400);
    };
    const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    return { count: (value) => number.format(value), seconds: length, percent: (value) => percent.format(value / 100) };
  };

  const unitOf = (data) => units(data.locale || "en-GB")[data.unit || "count"];

  // A value holds until the next one: the last is drawn out, and so is the one before a gap.
  const held = (points, step) => {
    const drawn = [];
    points.forEach(([at, value], index) => {
      const before = points[index - 1];
      if (before && before[1] !== null && value === null) drawn.push([Math.min(at, before[0] + step), before[1]]);
      drawn.push([at, value]);
    });
    const last = points[points.length - 1];
    if (last && last[1] !== null) drawn.push([last[0] + step, last[1]]);
    return drawn;
  };

  const style = (one, colour) => ({
    width: one.tone === "main" ? 2 : 1.5,
    type: one.dashed ? "dashed" : "solid",
    color: colour(one.tone || "main"),
  });

  // Gaps are grey; imported times have only a tint, because their values are there.
  const bands = (context) => {
    const { data, view, width } = context;
    const visible = (band) => (width * (Math.min(band.until, view[1]) - Math.max(band.from, view[0]))) / (view[1] - view[0]);
    const made = (band, tone, position) => {
      const show = visible(band) > 7 * band.label.length;
      const label = { show, position, color: context.colour("quiet"), fontFamily: FONT, fontSize: 11 };
      return [{ xAxis: band.from, name: band.label, itemStyle: { color: context.colour(tone) }, label }, { xAxis: band.until }];
    };
    const gaps = (data.gaps || []).map((band) => made(band, "gap", "inside"));
    return { silent: true, data: [...(data.imports || []).map((band) => made(band, "imported", "insideTopLeft")), ...gaps] };
  };

  const marks = (context) => ({
    silent: true,
    symbol: "none",
    lineStyle: { color: context.colour("limit"), type: "dashed" },
    label: { formatter: "{b}", color: context.colour("text"), fontFamily: FONT },
    data: (context.data.marks || []).map((mark) => ({ xAxis: mark.x, name: mark.label })),
  });

  const series = (one, index, context) => {
    const { data, colour, hidden } = context;
    const bar = one.shape === "bar";
    const steps = one.shape === "step" && data.step;
    const horizontal = data.kind === "bars" && data.horizontal;
    const points = hidden.has(one.name) ? [] : one.data;
    const made = {
      name: one.name,
      type: bar ? "bar" : "line",
      data: steps ? held(points, data.step) : points,
      itemStyle: { color: colour(one.tone || "main"), ...(bar ? { borderRadius: horizontal ? [0, 3, 3, 0] : [3, 3, 0, 0] } : {}) },
      stack: one.stack,
      yAxisIndex: one.right ? 1 : 0,
      emphasis: { disabled: true },
    };
    if (bar) Object.assign(made, { barMaxWidth: 36, barCategoryGap: "25%" });
    else Object.assign(made, { step: steps ? "end" : false, lineStyle: style(one, colour), symbol: steps || one.data.length > 60 ? "none" : "circle", symbolSize: 5, connectNulls: false });
    // A value alone between two gaps would be no line: it is shown as a dot.
    if (!bar && !steps) made.showAllSymbol = true;
    if (one.filled) made.areaStyle = { opacity: 0.12 };
    if (index === 0 && context.data.gaps) made.markArea = bands(context);
    if (index === 0 && context.data.marks) made.markLine = marks(context);
    return made;
  };

  const axisLook = ({ colour }) => ({
    axisLine: { lineStyle: { color: colour("rule") } },
    axisTick: { lineStyle: { color: colour("rule") } },
    axisLabel: { color: colour("quiet"), fontFamily: FONT, hideOverlap: true },
    splitLine: { lineStyle: { color: colour("grid") } },
    nameTextStyle: { color: colour("quiet"), fontFamily: FONT },
  });

  const merge = (look, more) => {
    const made = { ...look, ...more };
    for (const key of ["axisLabel", "axisTick", "splitLine"]) made[key] = { ...look[key], ...(more[key] || {}) };
    return made;
  };

  // Lengths of time have round steps of their own: 15 minutes, not 1000 seconds.
  const ROUND = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400];

  const spacing = (data, unit, right) => {
    if (unit === "count") return { minInterval: 1 };
    if (unit === "percent") return { max: 100 };
    let most = 0;
    for (const one of data.series || []) {
      if (Boolean(one.right) !== right) continue;
      for (const point of one.data) most = Math.max(most, (Array.isArray(point) ? point[1] : point) || 0);
    }
    return { interval: ROUND.find((step) => most / step <= 6) || 86_400 * Math.ceil(most / 518_400) };
  };

  const valueAxis = (context, right = false) => {
    const { data } = context;
    const unit = (right ? data.rightUnit : data.unit) || "count";
    const write = units(data.locale || "en-GB")[unit];
    const more = { type: "value", min: 0, ...spacing(data, unit, right), axisLabel: { formatter: write } };
    return merge(axisLook(context), right ? { ...more, splitLine: { show: false } } : more);
  };

  const timeAxis = (context) =>
    merge(axisLook(context), {
      type: "value",
      min: context.view[0],
      max: context.view[1],
      axisTick: { customValues: context.ticks },
      axisLabel: { customValues: context.ticks, formatter: (at) => context.clock.label(Math.round(at)) },
      splitLine: { show: false },
      axisPointer: { label: { show: false } },
    });

  const tooltipLook = ({ colour }) => ({
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    backgroundColor: colour("paper"),
    borderColor: colour("rule"),
    textStyle: { color: colour("text"), fontFamily: FONT, fontSize: 12, lineHeight: 18 },
  });

  // At a moment: of every line the value that holds then, also when the pointer is between two points.
  const timeTip = (context) => (found) => {
    const { data, clock, hidden } = context;
    const at = found[0]?.axisValue ?? found[0]?.value?.[0];
    if (at === undefined) return "";
    const write = units(data.locale || "en-GB");
    const step = data.step || 1;
    const lines = [(data.days ? clock.date : clock.moment)(at)];
    for (const one of data.series) {
      if (hidden.has(one.name)) continue;
      const point = one.data.findLast(([when]) => when <= at);
      const value = point && at - point[0] < step * 1.1 ? point[1] : null;
      const text = value === null ? data.texts?.none || "–" : write[(one.right ? data.rightUnit : data.unit) || "count"](value);
      lines.push(`${one.name}: ${text}`);
    }
    const bands = [...(data.gaps || []), ...(data.imports || [])];
    for (const band of bands) if (band.from <= at && at < band.until) lines.push(band.label);
    return lines.join("\n");
  };

  const grid = (context) => ({ left: 8, right: 14, top: 14, bottom: context.zoom ? 54 : 8, containLabel: true });

  const base = (context) => ({ animation: false, backgroundColor: "transparent", textStyle: { fontFamily: FONT }, grid: grid(context) });

  const timeOption = (context) => {
    const { data, colour, view } = context;
    const share = (at) => (100 * (at - data.from)) / (data.until - data.from);
    const zoom = { xAxisIndex: 0, start: share(view[0]), end: share(view[1]), filterMode: "none" };
    const look = { borderColor: colour("grid"), fillerColor: colour("gap"), backgroundColor: "transparent", handleStyle: { color: colour("paper"), borderColor: colour("quiet") }, moveHandleStyle: { color: colour("grid") }, dataBackground: { lineStyle: { color: colour("grid") }, areaStyle: { color: colour("grid") } }, selectedDataBackground: { lineStyle: { color: colour("rule") }, areaStyle: { color: colour("rule") } } };
    const wide = { min: data.from, max: data.until };
    return {
      ...base({ ...context, zoom: true }),
      xAxis: { ...timeAxis(context), ...wide },
      yAxis: data.series.some((one) => one.right) ? [valueAxis(context), valueAxis(context, true)] : valueAxis(context),
      series: data.series.map((one, index) => series(one, index, context)),
      tooltip: { ...tooltipLook(context), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: colour("quiet") } }, formatter: timeTip(context) },
      dataZoom: [
        { type: "slider", height: 26, bottom: 6, showDetail: false, brushSelect: false, ...look, ...zoom },
        { type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, preventDefaultMouseMove: false, ...zoom },
      ],
    };
  };

  const barTip = (context) => (found) => {
    const write = unitOf(context.data);
    return [found[0]?.name, ...found.map((one) => `${one.seriesName}: ${write(one.value)}`)].join("\n");
  };

  const barsOption = (context) => {
    const { data } = context;
    const names = merge(axisLook(context), {
      type: "category",
      data: data.categories,
      inverse: Boolean(data.horizontal),
      axisTick: { show: false },
      axisLabel: data.horizontal ? { width: Math.min(260, context.width * 0.4), overflow: "truncate" } : {},
      splitLine: { show: false },
    });
    const values = valueAxis(context);
    return {
      ...base(context),
      xAxis: data.horizontal ? values : names,
      yAxis: data.horizontal ? names : values,
      series: data.series.map((one, index) => series({ shape: "bar", ...one }, index, context)),
      tooltip: { ...tooltipLook(context), trigger: "axis", axisPointer: { type: "shadow" }, formatter: barTip(context) },
    };
  };

  const curveTip = (context) => (found) => {
    const write = unitOf(context.data);
    const name = context.data.xName ? `${context.data.xName}: ` : "";
    return [`${name}${found[0]?.value?.[0] ?? ""}`, ...found.map((one) => `${one.seriesName}: ${write(one.value[1])}`)].join("\n");
  };

  const curveOption = (context) => {
    const { data, colour } = context;
    return {
      ...base(context),
      xAxis: merge(axisLook(context), { type: "value", min: data.from, max: data.until, minInterval: 1, name: data.xName, nameLocation: "middle", nameGap: 28, splitLine: { show: false } }),
      yAxis: data.series.some((one) => one.right) ? [valueAxis(context), valueAxis(context, true)] : valueAxis(context),
      grid: { ...grid(context), bottom: data.xName ? 28 : 8 },
      series: data.series.map((one, index) => series(one, index, context)),
      tooltip: { ...tooltipLook(context), trigger: "axis", axisPointer: { lineStyle: { color: colour("quiet") } }, formatter: curveTip(context) },
    };
  };

  const heatmapOption = (context) => {
    const { data, colour } = context;
    const names = (list, more) => merge(axisLook(context), { type: "category", data: list, axisTick: { show: false }, splitLine: { show: false }, ...more });
    const write = unitOf(data);
    return {
      ...base(context),
      grid: { ...grid(context), bottom: 44 },
      xAxis: names(data.columns, {}),
      yAxis: names(data.rows, { inverse: true }),
      visualMap: { type: "continuous", min: 0, max: Math.max(data.most || 0, 1), orient: "horizontal", left: "center", bottom: 0, itemHeight: 140, itemWidth: 12, text: [write(data.most || 0), write(0)], textStyle: { color: colour("quiet"), fontFamily: FONT }, inRange: { color: [colour("cold"), colour("warm"), colour("hot")] }, precision: 1 },
      series: [
        {
          type: "heatmap",
          data: data.cells.map((cell) => ({ value: cell.slice(0, 3), tip: cell[3] })),
          itemStyle: { borderColor: colour("paper"), borderWidth: 1 },
          emphasis: { itemStyle: { borderColor: colour("text"), borderWidth: 1 } },
        },
      ],
      tooltip: { ...tooltipLook(context), position: "top", formatter: (one) => one.data.tip || write(one.data.value[2]) },
    };
  };

  const KINDS = { time: timeOption, bars: barsOption, curve: curveOption, heatmap: heatmapOption };

  const option = (context) => KINDS[context.data.kind](context);

  // The same for a file: with title and legend, without what only helps on a screen.
  const exported = (context, title, subtitle) => {
    const made = option(context);
    const names = (context.data.series || []).map((one) => one.name).filter((name) => !context.hidden.has(name));
    const { colour } = context;
    const head = {
      text: title,
      subtext: subtitle,
      left: 16,
      top: 12,
      textStyle: { color: colour("text"), fontFamily: FONT, fontSize: 18 },
      subtextStyle: { color: colour("quiet"), fontFamily: FONT, fontSize: 13, width: context.width - 32, overflow: "break" },
    };
    const legend = names.length > 1 ? { data: names, bottom: 10, textStyle: { color: colour("text"), fontFamily: FONT } } : undefined;
    if (made.dataZoom) Object.assign(made.xAxis, { min: context.view[0], max: context.view[1] });
    const bottom = (made.visualMap ? 52 : 16) + (legend ? 30 : 0);
    const shown = { ...made, backgroundColor: colour("paper"), title: head, legend, dataZoom: undefined, tooltip: undefined };
    return { ...shown, grid: { ...made.grid, left: 20, right: 28, top: 92, bottom } };
  };

  window.IumOptions = { option, exported };
})();
