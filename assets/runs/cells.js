// The cells of the table of runs that are more than text. What they hold is said by data-run-do:
// list.js does it. Names, notes and tags are only ever text.
(() => {
  const h = (...parts) => window.React.createElement(...parts);
  const sign = (name) => h("i", { className: `bi bi-${name}`, "aria-hidden": "true" });

  const button = (run, what, label, content, more = {}) =>
    h("button", { key: what, type: "button", title: label, "aria-label": label, tabIndex: -1,
      "data-run-do": what, "data-run": run, ...more }, content);

  const RunStar = ({ data }) => {
    if (!data) return null;
    const label = data.favourite ? `Run ${data.id} is a favourite: take it out` : `Make run ${data.id} a favourite`;
    return button(data.id, "favourite", label, sign(data.favourite ? "star-fill" : "star"), {
      className: `row-button run-star${data.favourite ? " is-on" : ""}`, "aria-pressed": String(data.favourite),
    });
  };

  const RunLink = ({ data }) =>
    data ? h("a", { href: `/runs/${data.id}`, className: "run-link", tabIndex: -1 }, data.id) : null;

  const RunName = ({ data }) => {
    if (!data) return h("span", { className: "run-waits" });
    if (data.name) return h("span", { className: "run-name" }, data.name);
    return data.note ? h("span", { className: "muted", title: data.note }, data.note) : null;
  };

  const RunTags = ({ data }) =>
    data ? h("span", { className: "run-tags" }, ...data.tags.map((tag) =>
      button(data.id, "tag", `Show runs tagged ${tag}`, tag, { key: tag, className: "run-tag", "data-tag": tag }))) : null;

  const CHECKS = {
    passed: ["shield-check", "is-passed"], peeks: ["exclamation-octagon-fill", "is-peeking"], unchecked: ["dash", "is-unchecked"],
  };
  const RunCheck = ({ data }) => {
    if (!data) return null;
    const [icon, look] = CHECKS[data.look_ahead] || CHECKS.unchecked;
    return h("span", { className: `run-check ${look}`, role: "img", "aria-label": data.look_ahead_text, title: data.look_ahead_text }, sign(icon));
  };

  const RunActions = ({ data }) =>
    data ? h("span", { className: "row-buttons" },
      button(data.id, "rename", `Rename run ${data.id}`, sign("pencil"), { className: "row-button" }),
      button(data.id, "edit", `Notes and tags of run ${data.id}${data.note ? " (has notes)" : ""}`,
        sign(data.note ? "journal-text" : "tags"), { className: `row-button${data.note ? " has-note" : ""}` })) : null;

  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    RunStar, RunLink, RunName, RunTags, RunCheck, RunActions,
  });
})();
