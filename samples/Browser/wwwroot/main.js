// Shows the test images with what the network says of them. ?images=N takes only the first N.
import { dotnet } from './_framework/dotnet.js';

const side = 32;
const status = document.getElementById('status');

try {
  const { getAssemblyExports, getConfig } = await dotnet.create();
  const { Classifier } = await getAssemblyExports(getConfig().mainAssemblyName);
  const classes = Classifier.Classes();
  const best = logits => logits.indexOf(Math.max(...logits));

  const asked = Number(new URLSearchParams(location.search).get('images'));
  const count = asked > 0 ? Math.min(asked, Classifier.Count()) : Classifier.Count();
  let right = 0;
  let milliseconds = 0;
  for (let i = 0; i < count; i++) {
    const pixels = Classifier.Pixels(i);
    const started = performance.now();
    const predicted = best(Classifier.Infer(pixels));
    milliseconds += performance.now() - started;
    right += predicted === Classifier.Label(i) ? 1 : 0;
    show(pixels, classes[predicted], predicted === Classifier.Label(i));
    status.textContent = `${i + 1} of ${count} images, ${(milliseconds / (i + 1)).toFixed(0)} ms each`;
    await new Promise(requestAnimationFrame);
  }
  status.textContent = `top-1 ${(100 * right / count).toFixed(2)} % of ${count} images, ${(milliseconds / count).toFixed(0)} ms each. sha256 of all logits ${Classifier.Hash()}`;
  status.dataset.done = 'true';

  document.getElementById('file').onchange = async event => {
    const own = document.getElementById('own');
    try {
      own.textContent = classes[best(Classifier.Infer(await read(event.target.files[0])))];
    } catch {
      own.textContent = 'This file is not a picture that the browser can read.';
    }
  };
} catch (error) {
  status.textContent = `Failed: ${error}`;
  status.dataset.done = 'true';
}

function show(pixels, text, right) {
  const item = document.createElement('li');
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    image.data.set([pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2], 255], 4 * i);
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
  item.append(canvas, right ? text : `${text} (wrong)`);
  item.className = right ? '' : 'wrong';
  document.getElementById('images').append(item);
}

// A picture of any size: its middle square, scaled to what the network takes.
async function read(file) {
  const picture = await createImageBitmap(file);
  const square = Math.min(picture.width, picture.height);
  const context = new OffscreenCanvas(side, side).getContext('2d');
  context.drawImage(picture, (picture.width - square) / 2, (picture.height - square) / 2, square, square, 0, 0, side, side);
  const data = context.getImageData(0, 0, side, side).data;
  return Uint8Array.from({ length: 3 * side * side }, (_, i) => data[4 * Math.floor(i / 3) + i % 3]);
}
