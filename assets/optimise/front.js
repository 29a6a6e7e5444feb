// Draws the results of an optimisation as points over two metrics, with the front among them: the
// combinations that none beats in one without losing in another. A point leads to the backtest
// with these parameters; arrows walk along the front.
(() => {
  const NEAR = 16; // pixels within which a point is meant
  const FAVOUR = 6; // of them that a point of the front is ahead
  const WIDE = 10_000; // steps along an axis

  const { make, called, withParams, drawEach } = window.optimise;
  const numbers = (text) => (text ? text.split(" ").map(Number) : []);
  const percent = (place) => `${place / (WIDE / 100)}%`;

  // What the server packed, a list a thing and an entry a point.
  const unpacked = (text) => {
    const packed = JSON.parse(text);
    const params = packed.params.map(({ words, of }) => numbers(of).map((code) => words[code]));
    return {
      ...packed, params,
      x: numbers(packed.x), y: numbers(packed.y), shades: numbers(packed.shades),
      texts: packed.texts.map((one) => one.split("|")),
    };
  };

  const address = (data, k) => withParams(data.address, data.names, data.params.map((one) => one[k]));

  const paramsOf = (data, k) => data.names.map((name, n) => `${called(name)} ${data.params[n][k]}`).join(", ");
  const valuesOf = (data, k) => data.labels.map((label, n) => `${label} ${data.texts[n][k]}`).join(", ");
  const markOf = (data, k) => [k < data.front ? "on the front" : "", k === data.best ? "the one that is judged" : ""].filter(Boolean).join(", ");
  const said = (data, k) => `${paramsOf(data, k)}: ${valuesOf(data, k)}${markOf(data, k) ? ` (${markOf(data, k)})` : ""}`;

  const place = (element, data, k) => {
    element.style.left = percent(data.x[k]);
    element.style.bottom = percent(data.y[k]);
    if (data.shades.length) element.style.setProperty("--shade", `${data.shades[k]}%`);
    if (k === data.best) element.classList.add("is-best");
    return element;
  };

  const point = (data, k) => {
    if (k >= data.front) {
      const dot = place(make("i", "opt-dot"), data, k);
      dot.ariaHidden = "true";
      return dot;
    }
    const link = place(make("a", "opt-dot is-front"), data, k);
    link.href = address(data, k);
    link.tabIndex = -1;
    link.dataset.k = k;
    link.setAttribute("aria-label", said(data, k));
    return link;
  };

  // The border of what can be had: worse in either metric than a point of the front.
  const stairs = (data) => {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", `0 0 ${WIDE} ${WIDE}`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("aria-hidden", "true");
    drawing.classList.add("opt-stairs");
    const isRight = data.better[0] === "high";
    const path = [];
    for (let k = 0; k < data.front; k += 1) {
      const [x, y] = [data.x[k], WIDE - data.y[k]];
      if (!k) path.push(`M${x} ${y}`);
      // Towards the worse of the first metric a point reaches as far as the next one's level.
      else path.push(isRight ? `V${y} H${x}` : `H${x} V${y}`);
    }
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path.join(" "));
    drawing.append(line);
    return drawing;
  };

  const axis = (data, which) => {
    const line = make("div", which ? "opt-axis is-y" : "opt-axis is-x");
    for (const [at, text] of data.ticks[which]) {
      const tick = make("span", "opt-tick", text);
      tick.style.setProperty(which ? "bottom" : "left", percent(at));
      line.append(tick);
    }
    return line;
  };

  const title = (data, which) => {
    const isHigh = data.better[which] === "high";
    return make("div", which ? "opt-y-name" : "opt-x-name", isHigh ? `${data.labels[which]} (better →)` : `(← better) ${data.labels[which]}`);
  };

  const draw = (box) => {
    const data = unpacked(box.dataset.front);
    box.data = data;
    box.dots = data.x.map((_, k) => point(data, k));
    const plot = make("div", "opt-plot");
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", `${data.labels[1]} against ${data.labels[0]}: ${data.front} on the front`);
    if (data.labels.length > 2) plot.classList.add("is-shaded");
    else plot.append(stairs(data));
    // The front lies above the others, the first points first for who walks through.
    plot.append(...box.dots.slice(data.front), ...box.dots.slice(0, data.front));
    const tip = make("div", "opt-tip");
    tip.hidden = true;
    const ring = make("i", "opt-ring");
    ring.hidden = true;
    plot.append(ring, tip);
    const frame = make("div", "opt-frame");
    frame.append(axis(data, 0), axis(data, 1), plot);
    box.replaceChildren(title(data, 1), frame, title(data, 0));
    Object.assign(box, { plot, tip, ring, picked: -1 });
    const first = data.best >= 0 && data.best < data.front ? data.best : 0;
    if (data.front) box.dots[first].tabIndex = 0;
    tell(box, first);
  };

  const line = () => document.getElementById("opt-front-said");

  // The words under the picture, with a way to the backtest for who has no mouse.
  const tell = (box, k) => {
    const there = line();
    if (!there || !box.dots.length) return;
    const link = make("a", "opt-open", "Open its backtest");
    link.href = address(box.data, k);
    there.replaceChildren(make("span", "", said(box.data, k)), link);
  };

  const pick = (box, k, withTip = true) => {
    box.picked = k;
    box.plot.classList.toggle("is-picked", k >= 0);
    box.tip.hidden = k < 0 || !withTip;
    box.ring.hidden = k < 0;
    if (k < 0) return;
    const { data, tip, ring } = box;
    place(ring, data, k).classList.remove("is-best");
    tip.replaceChildren(make("strong", "", paramsOf(data, k)), ...data.labels.map((label, n) => make("span", "", `${label} ${data.texts[n][k]}`)));
    if (markOf(data, k)) tip.append(make("em", "", markOf(data, k)));
    place(tip, data, k).classList.remove("is-best");
    tip.classList.toggle("is-left", data.x[k] > WIDE / 2);
    tip.classList.toggle("is-below", data.y[k] > WIDE * 0.7);
    tell(box, k);
  };

  const nearest = (box, event) => {
    const { left, bottom, width, height } = box.plot.getBoundingClientRect();
    const [x, y] = [event.clientX - left, bottom - event.clientY];
    let [found, least] = [-1, NEAR];
    box.data.x.forEach((at, k) => {
      const far = Math.hypot((at / WIDE) * width - x, (box.data.y[k] / WIDE) * height - y);
      const counted = k < box.data.front ? far - FAVOUR : far;
      if (far <= NEAR && counted < least) [found, least] = [k, counted];
    });
    return found;
  };

  const boxOf = (event) => event.target.closest?.(".opt-plot")?.closest(".opt-front");

  const open = (href) => window.dash_clientside.set_props("opt-go", { href });

  let finger = false; // not every browser's click tells what made it
  document.addEventListener("pointerdown", (event) => {
    finger = event.pointerType === "touch";
    const box = boxOf(event);
    // A press gives a link the focus, which picks it.
    if (box) box.before = box.picked;
  }, true);

  document.addEventListener("pointermove", (event) => {
    const box = boxOf(event);
    if (box && event.pointerType !== "touch") {
      const k = nearest(box, event);
      if (k !== box.picked) pick(box, k);
    }
  });

  document.addEventListener("pointerout", (event) => {
    const box = boxOf(event);
    if (box && event.pointerType !== "touch" && !box.plot.contains(event.relatedTarget)) pick(box, -1);
  });

  // A finger covers what it presses: it picks first, and opens what is picked already.
  document.addEventListener("click", (event) => {
    const box = boxOf(event);
    if (!box || event.button) return;
    const isKey = event.detail === 0;
    const k = isKey ? Number(event.target.dataset.k ?? -1) : nearest(box, event);
    if (k < 0) return event.target.closest("a") && event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      window.open(address(box.data, k), "_blank");
      return;
    }
    event.preventDefault();
    if (finger && !isKey && k !== box.before) pick(box, k);
    else open(address(box.data, k));
  });

  const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };

  document.addEventListener("keydown", (event) => {
    const box = boxOf(event);
    if (!box || event.ctrlKey || event.metaKey || event.altKey || event.target.dataset.k === undefined) return;
    const [last, at] = [box.data.front - 1, Number(event.target.dataset.k)];
    const to = { Home: 0, End: last }[event.key] ?? (event.key in STEPS ? at + STEPS[event.key] : -1);
    if (!(event.key in STEPS) && !["Home", "End"].includes(event.key)) return;
    event.preventDefault();
    if (to < 0 || to > last) return;
    event.target.tabIndex = -1;
    box.dots[to].tabIndex = 0;
    box.dots[to].focus();
  });

  document.addEventListener("focusin", (event) => {
    const box = boxOf(event);
    if (box && event.target.dataset.k !== undefined) pick(box, Number(event.target.dataset.k));
  });
  document.addEventListener("focusout", (event) => {
    const box = boxOf(event);
    if (box && event.target.dataset.k !== undefined) pick(box, -1);
  });

  drawEach("data-front", draw);
})();
