// What is looked at of a study stands in its address: the map's metric, axes and held values, the
// front's metrics, what the table is left with. The usual is left out; the server reads the address
// when the study is opened (pages/optimise_view.py).
(() => {
  const [FREE, NO_COLOUR, ALL, NEAR, FRONT] = ["*", "none", "all", "near", "front"];
  const HELD = "at.";
  const PICKED = 2; // among the groups of fields: axes, held values, metrics of the front, the table
  const nothing = () => window.dash_clientside.no_update;
  const word = (text) => encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%20", "+");

  const byName = (group, of) => Object.fromEntries(group.map((field) => [field.id.name, of(field)]));
  const valuesOf = (groups) => {
    const [axes, held, picked, only] = groups.map((group) => byName(group, ({ value }) => value));
    return { axes, held, picked, only };
  };

  // The axis that goes up where none is named, or the one that lies across.
  const usualUp = (usual, x) => usual.axes.find((name) => name !== x) || "";

  // What fields say, as the parts of an address; what has no effect is no part of it.
  const pairs = ({ axes, held, picked, only }, usual) => {
    const { metric = usual.metric, x = usual.x } = axes;
    const y = axes.y && axes.y !== x ? axes.y : usualUp(usual, x);
    const front = [picked.x, picked.y, picked.colour].filter((name) => name && name !== NO_COLOUR).join(",");
    const isHeld = ([name, value]) => value !== FREE && name !== x && name !== y;
    const wanted = [
      ["metric", metric, usual.metric],
      ["x", x, usual.x],
      ["y", y, usualUp(usual, x)],
      ...Object.entries(held).filter(isHeld).map(([name, value]) => [HELD + name, value, FREE]),
      ["front", front, usual.front.join(",")],
      ["show", picked.scope, ALL],
      ["only", only.front ? FRONT : "", ""],
    ];
    return wanted.filter(([, value, left]) => value && value !== left);
  };

  const written = (fields, usual) =>
    [["study", usual.study], ...pairs(fields, usual)].map(([name, value]) => `${word(name)}=${word(value)}`).join("&");

  // What fields shall say by an address; what is none of their options falls back to the usual.
  const read = (search, usual, options) => {
    const query = new URLSearchParams(search);
    const asked = (name) => query.getAll(name).at(-1);
    const allowed = (field, value) => Boolean(value) && Boolean(field) && field.some((one) => one.value === value);
    const chosen = (field, value, usually) => (allowed(field, value) ? value : usually);
    const [axes, held, picked] = options;
    const x = chosen(axes.x, asked("x"), usual.x);
    const y = chosen(axes.y, asked("y"), "");
    const front = (asked("front") || "").split(",");
    const isFront = front.length > 1 && front.length < 4 && front.every((name) => allowed(picked.x, name));
    const [across, up, colour = NO_COLOUR] = isFront ? front : usual.front;
    const heldAt = (name) => (name === x || name === (y || usualUp(usual, x)) ? FREE : chosen(held[name], asked(HELD + name), FREE));
    return {
      axes: { metric: chosen(axes.metric, asked("metric"), usual.metric), x, y: y && y !== x ? y : usualUp(usual, x) },
      held: Object.fromEntries(Object.keys(held).map((name) => [name, heldAt(name)])),
      picked: { x: across, y: up, colour, scope: asked("show") === NEAR ? NEAR : ALL },
      only: { front: asked("only") === FRONT },
    };
  };

  const isOpen = (search, usual) => Boolean(usual) && new URLSearchParams(search).get("study") === String(usual.study);

  const optionsOf = (groups) => groups.map((group) => byName(group, ({ value }) => value || []));

  // A field was changed: the address follows, if it does not say the same already.
  const write = (...given) => {
    const [search, usual] = given.slice(-2);
    const { inputs_list: fields, states_list: states } = window.dash_clientside.callback_context;
    if (!isOpen(search, usual) || !fields[PICKED].length) return nothing();
    const now = written(valuesOf(fields), usual);
    const before = written(read(search, usual, optionsOf(states.slice(0, 3))), usual);
    return now === before ? nothing() : `?${now}`;
  };

  // The address was changed, as by Back: the fields follow.
  const follow = (search, ...given) => {
    const usual = given.at(-1);
    const states = window.dash_clientside.callback_context.states_list;
    const groups = states.slice(0, 4);
    if (!isOpen(search, usual)) return groups.map((group) => group.map(nothing));
    const { axes, held, picked, only } = read(search, usual, optionsOf(states.slice(4, 7)));
    return [axes, held, picked, only].map((wanted, k) =>
      groups[k].map(({ id, value }) => (Boolean(value) || Boolean(wanted[id.name])) && value !== wanted[id.name] ? wanted[id.name] : nothing()));
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { optimiseView: { write, follow } });
})();
