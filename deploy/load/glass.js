// Put into the pages of the measurement before their own scripts: a camera that shows the machine's clock, and an eye
// that reads it back from what the player shows.
//
// The clock is epoch milliseconds, its lower 32 bits and a byte that checks them, as 40 fields in black and white. Where
// `window.tolmachClock` is set, the page's camera is such a clock and its microphone hums as recorder.js says.
(() => {
  const COLUMNS = 8;
  const ROWS = 5;
  const FRAMES_PER_S = 30;
  const now = () => performance.timeOrigin + performance.now();
  const bytes = (value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  const check = (four) => four.reduce((sum, byte) => (sum * 31 + byte) & 255, 7);

  function camera() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
    const paper = canvas.getContext("2d", { alpha: false });
    const draw = () => {
      const four = bytes(Math.round(now()) >>> 0);
      [...four, check(four)].forEach((byte, row) => {
        for (let column = 0; column < COLUMNS; column += 1) {
          paper.fillStyle = byte & (128 >> column) ? "#fff" : "#000";
          paper.fillRect((column * 640) / COLUMNS, (row * 360) / ROWS, 640 / COLUMNS, 360 / ROWS);
        }
      });
    };
    draw();
    setInterval(draw, 1000 / FRAMES_PER_S);
    return canvas.captureStream(FRAMES_PER_S).getVideoTracks()[0];
  }

  const devices = navigator.mediaDevices;
  if (devices && window.tolmachClock) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wish) => {
      if (wish.video && !wish.audio) return new MediaStream([camera()]);
      const stream = await open(wish);
      if (wish.video && !stream.getVideoTracks().length) stream.addTrack(camera());
      return stream;
    };
  }

  const eye = { ages: new Map() };
  const small = Object.assign(document.createElement("canvas"), { width: COLUMNS * 8, height: ROWS * 8 });
  const sketch = small.getContext("2d", { alpha: false, willReadFrequently: true });

  /** The clock in a picture, as milliseconds of 32 bits; null when it is none. */
  function read(picture) {
    sketch.drawImage(picture, 0, 0, small.width, small.height);
    const { data } = sketch.getImageData(0, 0, small.width, small.height);
    const found = [];
    for (let row = 0; row < ROWS; row += 1) {
      let byte = 0;
      for (let column = 0; column < COLUMNS; column += 1) {
        byte = (byte << 1) | (data[4 * ((row * 8 + 4) * small.width + column * 8 + 4)] > 127 ? 1 : 0);
      }
      found.push(byte);
    }
    const four = found.slice(0, 4);
    return check(four) === found[4] ? four.reduce((value, byte) => ((value << 8) | byte) >>> 0, 0) : null;
  }

  /** From now on keep the age of each picture at the moment it is shown in this element. */
  eye.open = (selector = "#picture") => {
    const picture = document.querySelector(selector);
    const ages = [];
    eye.ages.set(selector, ages);
    const look = (_, { expectedDisplayTime }) => {
      const clock = read(picture);
      if (clock !== null) ages.push((Math.round(performance.timeOrigin + expectedDisplayTime) - clock) | 0);
      picture.requestVideoFrameCallback(look);
    };
    picture.requestVideoFrameCallback(look);
  };

  /** What was seen since the last call, in milliseconds. */
  eye.take = (selector = "#picture") => eye.ages.get(selector)?.splice(0) ?? [];
  window.tolmachEye = eye;
})();
