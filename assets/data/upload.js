// Sends a file that is dropped or chosen, as it is, and tells the page where it is kept.
(() => {
  const zone = () => document.getElementById("drop-zone");
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const megabytes = (size) => `${(size / 1_048_576).toFixed(size < 10_485_760 ? 1 : 0)} MB`;
  let sending = null;

  const say = (text, share = null) => {
    const place = zone();
    if (!place) return;
    place.querySelector(".drop-progress").textContent = text;
    place.classList.toggle("is-sending", share !== null);
    place.style.setProperty("--sent", `${Math.round(100 * (share ?? 0))}%`);
  };

  const failed = (text) => {
    say("");
    set("up-send-error", { children: text });
  };

  const answered = (request) => {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      answer = { error: "The file could not be sent: the server gave no usable answer." };
    }
    if (request.status !== 200) return failed(answer.error || "The file could not be sent.");
    say(`Reading ${answer.name}…`, 1);
    set("up-file", { data: { ...answer, at: Date.now() } });
  };

  const send = (file) => {
    const largest = Number(zone().dataset.largest);
    set("up-send-error", { children: "" });
    if (file.size > largest) {
      return failed(`${file.name} has ${megabytes(file.size)}, and ${megabytes(largest)} are allowed: pack it with gzip.`);
    }
    sending?.abort();
    sending = new XMLHttpRequest();
    const request = sending;
    request.open("POST", "/api/uploads");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.upload.onprogress = (event) => {
      const share = event.lengthComputable ? event.loaded / event.total : 0;
      say(share < 1 ? `Sending ${file.name}…` : `Reading ${file.name}…`, share);
    };
    request.onload = () => answered(request);
    request.onerror = () => failed("The file could not be sent: the server does not answer.");
    say(`Sending ${file.name}…`, 0);
    request.send(file);
  };

  // The preview stands: nothing is under way any more.
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    upload: {
      read: () => {
        say("");
        return window.dash_clientside.no_update;
      },
    },
  });

  const chosen = document.createElement("input");
  chosen.type = "file";
  chosen.id = "drop-file";
  chosen.hidden = true;
  chosen.accept = ".csv,.txt,.tsv,.gz,text/csv,text/plain,application/gzip";
  chosen.addEventListener("change", () => {
    if (chosen.files[0] && zone()) send(chosen.files[0]);
    chosen.value = "";
  });
  document.addEventListener("DOMContentLoaded", () => document.body.append(chosen));
  if (document.body) document.body.append(chosen);

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#drop-zone")) chosen.click();
  });

  const holdsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  const over = (on) => zone()?.classList.toggle("is-over", on);

  document.addEventListener("dragover", (event) => {
    if (!zone() || !holdsFiles(event)) return;
    event.preventDefault();
    over(Boolean(event.target.closest?.("#drop-zone")));
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) over(false);
  });
  // A file that misses the zone would otherwise replace the page.
  document.addEventListener("drop", (event) => {
    if (!zone() || !holdsFiles(event)) return;
    event.preventDefault();
    over(false);
    const files = event.dataTransfer.files;
    if (!event.target.closest?.("#drop-zone") || !files.length) return;
    if (files.length > 1) return failed("Drop one file at a time: each is looked at before it is stored.");
    send(files[0]);
  });
})();
