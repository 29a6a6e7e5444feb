// The page that compares runs: adds one by its number or words, and hides rows that are not asked for.
(() => {
  const { ask, tell } = window.runs;
  const TYPING_MS = 180;
  const SHOWN = 8;

  const present = () => document.querySelector(".compare-add").dataset.ids.split(",").filter(Boolean);
  const list = () => document.getElementById("compare-add-list");

  const add = (run) => {
    const ids = [...present(), String(run)].join(",");
    window.dash_clientside.set_props("compare-go", { href: `/runs/compare?ids=${ids}` });
  };

  const hide = () => list() && (list().hidden = true);

  const option = (row) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "compare-option" });
    const title = Object.assign(document.createElement("b"), { textContent: `${row.id} ${row.name || row.symbol}` });
    const facts = [row.name && row.symbol, row.resolution, row.strategy, row.params].filter(Boolean).join(" · ");
    button.append(title, Object.assign(document.createElement("span"), { className: "muted", textContent: facts }));
    button.addEventListener("click", () => add(row.id));
    const item = document.createElement("li");
    item.append(button);
    return item;
  };

  const find = async (text) => {
    const there = present();
    const query = new URLSearchParams({ q: text, limit: SHOWN + there.length });
    const { rows } = await ask(`/api/runs?${query}`);
    return rows.filter((row) => !there.includes(row.id)).slice(0, SHOWN);
  };

  let asked = 0; // an answer to an older question opens nothing
  const suggest = async (text) => {
    const mine = ++asked;
    try {
      const rows = await find(text);
      if (mine !== asked || !list()) return;
      const none = Object.assign(document.createElement("li"), { className: "muted compare-nothing", textContent: "No other run matches." });
      list().replaceChildren(...(rows.length ? rows.map(option) : [none]));
      list().hidden = false;
    } catch (error) {
      tell(error);
    }
  };

  const choose = async (text) => {
    const mine = ++asked;
    try {
      const rows = await find(text);
      const run = rows.find((row) => row.id === text.replace(/^#/, "")) || rows[0];
      if (run) add(run.id);
      else if (mine === asked) suggest(text);
    } catch (error) {
      tell(error);
    }
  };

  let typing = 0;
  const dismiss = () => {
    asked += 1;
    clearTimeout(typing);
    hide();
  };
  const later = (target) => {
    clearTimeout(typing);
    typing = setTimeout(() => target.isConnected && suggest(target.value.trim()), TYPING_MS);
  };
  document.addEventListener("input", ({ target }) => target.id === "compare-add" && later(target));
  document.addEventListener("focusin", ({ target }) => {
    if (target.id === "compare-add") later(target);
    else if (!target.closest(".compare-add")) dismiss();
  });
  document.addEventListener("pointerdown", ({ target }) => !target.closest(".compare-add") && dismiss());
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.(".compare-add")) return;
    const options = [...list().querySelectorAll("button")];
    const at = options.indexOf(event.target);
    if (event.key === "Escape") {
      event.preventDefault(); // a browser would empty the field, which asks for the list again
      document.getElementById("compare-add").focus();
      dismiss();
    } else if (event.key === "Enter" && event.target.id === "compare-add") {
      event.preventDefault();
      choose(event.target.value.trim());
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && options.length) {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (options[next] || document.getElementById("compare-add")).focus();
    }
  });

  const press = (buttons, chosen) =>
    buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === chosen)));

  const pressed = (what) =>
    document.querySelector(`[data-compare-by="${what}"][aria-pressed="true"]`).dataset.compareValue;

  const filterTrades = () => {
    const [run, outcome] = [pressed("run"), pressed("outcome")];
    let shown = 0;
    for (const row of document.querySelectorAll("#compare-trades tbody tr")) {
      const has = (!run || row.dataset.byRun.split(" ").includes(run)) && (!outcome || row.dataset.byOutcome === outcome);
      row.hidden = !has;
      shown += has;
    }
    document.getElementById("compare-trades-none").hidden = shown > 0;
  };

  document.addEventListener("click", ({ target }) => {
    const different = target.closest?.("#compare-different");
    if (different) {
      const on = different.getAttribute("aria-pressed") !== "true";
      different.setAttribute("aria-pressed", String(on));
      document.getElementById("compare-settings").classList.toggle("is-short", on);
    }
    const filter = target.closest?.("[data-compare-by]");
    if (!filter) return;
    press([...filter.parentElement.children], filter);
    filterTrades();
  });
})();
