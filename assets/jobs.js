// The job tray: reads /api/jobs, every second while something is active or the tray is open, else
// every ten. When a job ends it shows a toast and sends "jobschanged" to document, with the jobs.
(() => {
  const BUSY_MS = 1000;
  const IDLE_MS = 10000;
  const AFTER_CLICK_MS = 800; // what was clicked may have asked for a job
  const MANY = 5;
  const ACTIVE = new Set(["queued", "running"]);
  const WORDS = {
    queued: "Waiting", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled",
    interrupted: "Interrupted",
  };
  const ICONS = {
    queued: "hourglass", running: "arrow-repeat", done: "check-circle-fill", failed: "exclamation-circle-fill",
    cancelled: "slash-circle", interrupted: "exclamation-triangle-fill",
  };

  let states = null; // of the jobs as last seen, by number: null before the first answer
  let busy = false;
  let timer = null;
  let asking = false;

  const part = (id) => document.getElementById(id);
  const isOpen = () => part("job-panel")?.hidden === false;

  const make = (tag, className, text = "") => {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  };

  const span = (seconds) => {
    if (seconds < 60) return `${Math.max(Math.round(seconds), 0)} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  };

  const ago = (iso) => {
    const seconds = (Date.now() - Date.parse(iso)) / 1000;
    return seconds < 45 ? "just now" : seconds < 86400 ? `${span(seconds)} ago` : iso.slice(0, 10);
  };

  const facts = (job) => {
    if (job.cancelling) return "Cancelling: it ends after this piece";
    if (job.state === "queued") return "Waiting for its turn";
    if (job.state !== "running") return [WORDS[job.state], job.ended && ago(job.ended)].filter(Boolean).join(" · ");
    const rest = job.rest === null ? "" : `about ${span(job.rest)} left`;
    const percent = job.progress === null ? "" : `${Math.floor(job.progress * 100)} %`;
    return [percent, job.elapsed === null ? "" : `${span(job.elapsed)} so far`, rest].filter(Boolean).join(" · ");
  };

  const order = (job) => (ACTIVE.has(job.state) ? "cancel" : job.can_retry ? "retry" : null);

  const build = (job) => {
    const item = make("li", "tray-job");
    item.dataset.job = job.id;
    item.append(
      make("i", ""), make("div", "tray-name"), make("div", "tray-facts"), make("div", "tray-message"),
      make("div", "tray-bar"), make("button", "btn btn-sm btn-outline-secondary tray-order"),
    );
    const [icon, , , , bar, button] = item.children;
    icon.setAttribute("aria-hidden", "true");
    bar.append(make("div", "tray-done"));
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", job.title);
    button.type = "button";
    return item;
  };

  const set = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const fill = (item, job) => {
    const [icon, name, told, message, bar, button] = item.children;
    const todo = order(job);
    item.className = `tray-job is-${job.state}`;
    icon.className = `tray-icon bi bi-${ICONS[job.state]}`;
    set(name, job.attempt > 1 ? `${job.title} (attempt ${job.attempt})` : job.title);
    set(told, facts(job));
    set(message, job.message);
    message.hidden = !job.message;
    bar.hidden = !ACTIVE.has(job.state);
    bar.classList.toggle("is-unknown", job.state === "running" && job.progress === null);
    bar.firstChild.style.width = `${100 * (job.progress ?? 0)}%`;
    if (job.progress === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", Math.round(job.progress * 100));
    button.hidden = !todo;
    button.disabled = job.cancelling;
    button.dataset.order = todo || "";
    button.setAttribute("aria-label", `${todo === "cancel" ? "Cancel" : "Retry"}: ${job.title}`);
    set(button, todo === "cancel" ? "Cancel" : "Retry");
  };

  const draw = ({ jobs, active: count, trouble }) => {
    const list = part("job-list");
    const known = new Map([...list.children].map((item) => [item.dataset.job, item]));
    jobs.forEach((job, position) => {
      const item = known.get(String(job.id)) || build(job);
      known.delete(String(job.id));
      fill(item, job);
      // Only what stands elsewhere moves: a button under the pointer or in focus stays.
      if (list.children[position] !== item) list.insertBefore(item, list.children[position] || null);
    });
    known.forEach((item) => item.remove());
    part("job-none").hidden = jobs.length > 0;
    set(part("job-trouble"), trouble);
    part("job-trouble").hidden = !trouble;
    const shown = jobs.filter((job) => ACTIVE.has(job.state)).length;
    set(part("job-more"), `and ${count - shown} more waiting`);
    part("job-more").hidden = count <= shown;
    const badge = part("job-count");
    set(badge, trouble && !count ? "!" : String(count));
    badge.hidden = !count && !trouble;
    const button = part("job-tray-toggle");
    button.classList.toggle("is-busy", count > 0 && !trouble);
    button.classList.toggle("is-troubled", Boolean(trouble));
    const words = count ? `Jobs: ${count} active` : "Jobs";
    button.setAttribute("aria-label", trouble ? `${words}. ${trouble}` : words);
    button.title = trouble || words;
  };

  const tell = ({ jobs, active }) => {
    const before = states;
    states = new Map(jobs.map((job) => [job.id, `${job.state} ${job.attempt}`]));
    if (before === null) return;
    const changed = jobs.filter((job) => before.get(job.id) !== states.get(job.id));
    const wasActive = (job) => ACTIVE.has(before.get(job.id)?.split(" ")[0]);
    const ended = changed.filter((job) => wasActive(job) && !ACTIVE.has(job.state));
    // Of a long row of jobs only what went wrong is told at once.
    for (const job of active > MANY ? ended.filter((job) => job.state === "failed") : ended) {
      const kind = { done: "success", cancelled: "info" }[job.state] || "error";
      window.shell.showToast(`${job.title}: ${job.message || WORDS[job.state].toLowerCase()}`, kind);
    }
    if (changed.length) document.dispatchEvent(new CustomEvent("jobschanged", { detail: { jobs: changed } }));
  };

  const refresh = async () => {
    if (asking || !part("job-list")) return plan();
    asking = true;
    try {
      const answer = await fetch("/api/jobs", { cache: "no-store" });
      if (answer.ok) {
        const found = await answer.json();
        busy = found.active > 0;
        draw(found);
        tell(found);
      }
    } catch {
      // The server is away: the banner says so when something is asked of it, and we ask again.
    } finally {
      asking = false;
      plan();
    }
  };

  const plan = (milliseconds) => {
    clearTimeout(timer);
    const often = (busy || isOpen()) && !document.hidden;
    const drawn = part("job-list") ? (often ? BUSY_MS : IDLE_MS) : BUSY_MS / 4;
    timer = setTimeout(refresh, milliseconds ?? drawn);
  };

  const send = async (button) => {
    const id = button.closest(".tray-job").dataset.job;
    button.disabled = true;
    try {
      const answer = await fetch(`/api/jobs/${id}/${button.dataset.order}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: "{}",
      });
      if (!answer.ok) window.shell.showToast((await answer.text()).trim(), "error");
    } catch {
      window.shell.showToast("The server does not answer: try again in a moment.", "error");
    }
    button.disabled = false;
    refresh();
  };

  const open = (shown) => {
    const panel = part("job-panel");
    const button = part("job-tray-toggle");
    if (!panel || panel.hidden === !shown) return;
    panel.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
    if (shown) refresh();
  };

  document.addEventListener("click", (event) => {
    const order = event.target.closest(".tray-order");
    if (event.target.closest("#job-tray-toggle")) open(!isOpen());
    else if (order) send(order);
    else if (!event.target.closest("#job-panel")) open(false);
    if (!busy && !order) plan(AFTER_CLICK_MS);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    open(false);
    part("job-tray-toggle").focus();
  });
  document.addEventListener("visibilitychange", () => !document.hidden && refresh());

  window.jobs = { refresh };
  plan(0);
})();
