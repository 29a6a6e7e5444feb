// How the pages of runs ask the server: an answer that is a failure becomes an error with its sentence.
(() => {
  const NO_ANSWER = "The server does not answer: nothing was changed. Try again.";

  const ask = async (path, options = {}) => {
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error(NO_ANSWER);
    }
    if (!answer.ok) throw new Error((await answer.text()).trim() || NO_ANSWER);
    return answer.json();
  };

  const send = (path, body) =>
    ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  const change = async (run, said) => {
    const answer = await send(`/api/runs/${run}/remarks`, said);
    document.dispatchEvent(new CustomEvent("runs:changed", { detail: answer }));
    return answer;
  };

  const tell = (error) => error.name !== "AbortError" && window.shell.showToast(error.message, "error");

  window.runs = Object.assign(window.runs || {}, { ask, send, change, tell });
})();
