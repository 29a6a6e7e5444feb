// The dialog for name, tags and notes of a run; window.runs.edit(number) opens it on any page.
// A study has the same dialog, without tags: window.runs.editStudy(number).
(() => {
  const { ask, change, send, tell } = window.runs;

  const changeStudy = async (study, said) => {
    const answer = await send(`/api/studies/${study}/remarks`, said);
    document.dispatchEvent(new CustomEvent("studies:changed", { detail: answer }));
    return answer;
  };

  const RUN = { called: "Run", path: "/api/runs", change, button: (run) => `[data-run-do='edit'][data-run='${run}']` };
  const STUDY = { called: "Study", path: "/api/studies", change: changeStudy, button: (study) => `[data-study-do='edit'][data-study='${study}']` };

  const made = (tag, properties = {}, ...content) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...content);
    return element;
  };

  const field = (label, control, help = "") => {
    const notes = help ? [made("div", { className: "field-help", textContent: help })] : [];
    const name = made("label", { className: "field-label", textContent: label, htmlFor: control.id });
    return made("div", { className: "field" }, name, control, ...notes);
  };

  const words = (text) => text.split(",").map((word) => word.trim().toLowerCase()).filter(Boolean);

  // Tags that other runs have: a press adds one, another takes it away.
  const suggestions = (known, input) => {
    const list = made("div", { className: "run-chips", role: "group", ariaLabel: "Tags in use" });
    const draw = () =>
      list.replaceChildren(...known.map((tag) => {
        const has = words(input.value).includes(tag);
        const chip = made("button", { type: "button", className: `run-tag${has ? " is-on" : ""}`, textContent: tag });
        chip.setAttribute("aria-pressed", String(has));
        chip.addEventListener("click", () => {
          const rest = words(input.value).filter((word) => word !== tag);
          input.value = (has ? rest : [...rest, tag]).join(", ");
          draw();
          [...list.children].find((one) => one.textContent === tag).focus();
        });
        return chip;
      }));
    input.addEventListener("input", draw);
    draw();
    return list;
  };

  const build = (kind, number, said) => {
    const name = made("input", { id: "run-edit-name", className: "form-control", value: said.name, maxLength: 200, autocomplete: "off" });
    const tags = made("input", { id: "run-edit-tags", className: "form-control", value: (said.tags || []).join(", "), autocomplete: "off" });
    const notes = made("textarea", { id: "run-edit-notes", className: "form-control", value: said.notes, rows: 8, maxLength: 10000 });
    const error = made("p", { className: "field-error", role: "alert" });
    const title = made("h2", { id: "run-edit-title", className: "modal-title", textContent: `${kind.called} ${number}` });
    const cancel = made("button", { type: "button", className: "btn btn-outline-secondary", textContent: "Cancel" });
    const save = made("button", { type: "submit", className: "btn btn-primary", textContent: "Save" });
    const tagField = field("Tags", tags, "Commas between tags; a tag finds its runs again.");
    if (said.known?.length) tagField.append(suggestions(said.known, tags));
    const form = made("form", { className: "run-edit" }, title, field("Name", name), ...(said.tags ? [tagField] : []),
      field("Notes", notes), error, made("div", { className: "run-edit-buttons" }, cancel, save));
    const dialog = made("dialog", { className: "run-dialog" }, form);
    dialog.setAttribute("aria-labelledby", title.id);
    return { dialog, form, cancel, save, error, values: () => ({ name: name.value.trim(), notes: notes.value.trim(), ...(said.tags ? { tags: words(tags.value) } : {}) }) };
  };

  const changes = (said, values) =>
    Object.fromEntries(Object.entries(values).filter(([key, value]) => String(value) !== String(said[key])));

  const show = (kind, number, said) => {
    const { dialog, form, cancel, save, error, values } = build(kind, number, said);
    const before = document.activeElement;
    let warned = false;
    const submit = async () => {
      const asked = changes(said, values());
      if (!Object.keys(asked).length) return dialog.close();
      save.disabled = true;
      try {
        await kind.change(number, asked);
        dialog.close();
      } catch (failure) {
        error.textContent = failure.message;
      } finally {
        save.disabled = false;
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("cancel", (event) => {
      if (warned || !Object.keys(changes(said, values())).length) return;
      warned = true;
      event.preventDefault();
      error.textContent = "What you typed is not saved: press Escape again to discard it.";
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      // The row's button may have been drawn anew: its cell takes the focus then.
      const again = document.querySelector(kind.button(number))?.closest("[tabindex]");
      (before?.isConnected ? before : again)?.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  };

  const open = async (kind, number) => {
    try {
      show(kind, number, await ask(`${kind.path}/${number}/remarks`));
    } catch (error) {
      tell(error);
    }
  };

  Object.assign(window.runs, { edit: (run) => open(RUN, run), editStudy: (study) => open(STUDY, study) });
})();
