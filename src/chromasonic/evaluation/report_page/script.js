"use strict";
// One tune plays at a time; the note that sounds is lit in the score.
(() => {
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  let current = null;

  for (const card of document.querySelectorAll(".tune")) {
    const audio = card.querySelector("audio");
    if (!audio) continue;
    const play = card.querySelector(".play");
    const seek = card.querySelector(".seek");
    const time = card.querySelector(".time");
    const sound = card.querySelector(".sound");
    const title = play.getAttribute("aria-label").replace(/^Play /, "");
    const moments = JSON.parse(card.dataset.moments || "[]");
    const scores = [...card.querySelectorAll(".score")].map((one) => [...one.querySelectorAll("g.note")]);
    let lit = -1;

    audio.removeAttribute("controls");
    for (const one of [play, seek, time, sound]) one.hidden = false;
    sound.href = audio.src;

    const light = (head) => {
      if (head === lit) return;
      for (const notes of scores) {
        notes[lit]?.classList.remove("sounding");
        notes[head]?.classList.add("sounding");
      }
      lit = head;
    };
    const headAt = (now) => {
      let low = 0, high = moments.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (moments[middle][1] <= now) low = middle + 1; else high = middle;
      }
      return low < moments.length && moments[low][0] <= now ? moments[low][2] : -1;
    };
    const show = () => {
      const length = Number.isFinite(audio.duration) ? audio.duration : 0;
      const share = length ? audio.currentTime / length : 0;
      seek.value = String(Math.round(share * 1000));
      seek.style.setProperty("--done", `${(share * 100).toFixed(2)}%`);
      seek.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(length)}`);
      time.textContent = `${clock(audio.currentTime)} / ${clock(length)}`;
      light(audio.currentTime > 0 && !audio.ended ? headAt(audio.currentTime) : -1);
    };
    const follow = () => {
      show();
      if (!audio.paused) requestAnimationFrame(follow);
    };

    play.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
    seek.addEventListener("input", () => {
      if (Number.isFinite(audio.duration)) audio.currentTime = (seek.value / 1000) * audio.duration;
      show();
    });
    audio.addEventListener("play", () => {
      if (current && current !== audio) current.pause();
      current = audio;
      card.classList.add("playing");
      play.setAttribute("aria-label", `Pause ${title}`);
      follow();
    });
    audio.addEventListener("pause", () => {
      card.classList.remove("playing");
      play.setAttribute("aria-label", `Play ${title}`);
    });
    audio.addEventListener("ended", () => { audio.currentTime = 0; light(-1); show(); });
    audio.addEventListener("loadedmetadata", show);
    show();
  }
})();
