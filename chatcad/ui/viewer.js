// The film's viewer: zoom and pan, window and level by dragging, a cross or a box to ask about, the wipe.
// Gradio redraws what is inside `element` and keeps `element`: all state lives here and in its CSS variables.
const STEP = 0.02, MOST = 8, STILL = 5;
const view = {zoom: 1, x: 0, y: 0};
const fingers = new Map();
let mark = null, anchor = null, head = null, drawing = false, asked = false, drag = null;

const find = selector => element.querySelector(selector);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const set = (name, value) => element.style.setProperty(name, value);
// What is told stands in the figure, in the language of the page.
function tell(key, values = {}) {
  const words = key && JSON.parse(find('figure').dataset.words)[key];
  if (find('.told')) find('.told').textContent = (words || '').replace(/{(\w+)}/g, (_, name) => values[name]);
}

function show() {
  const most = (view.zoom - 1) / 2;  // of the film's own size: no further than its edge
  view.x = clamp(view.x, -most, most);
  view.y = clamp(view.y, -most, most);
  set('--zoom', view.zoom);
  set('--x', `${100 * view.x}%`);
  set('--y', `${100 * view.y}%`);
  element.classList.toggle('held', view.zoom > 1 || drawing);
  element.classList.toggle('zoomed', view.zoom > 1);
}

function zoom(factor, at = [0.5, 0.5]) {
  const before = view.zoom;
  view.zoom = clamp(before * factor, 1, MOST);
  view.x += (0.5 - at[0]) * (view.zoom - before);
  view.y += (0.5 - at[1]) * (view.zoom - before);
  show();
}

function whole() {
  Object.assign(view, {zoom: 1, x: 0, y: 0});
  show();
}

// Where an event lies on the film, in fractions of it.
function place(event) {
  const sheet = find('.sheet').getBoundingClientRect();
  return [clamp((event.clientX - sheet.left) / sheet.width, 0, 1), clamp((event.clientY - sheet.top) / sheet.height, 0, 1)];
}

function put(from, to) {
  asked = false;
  [anchor, head] = [from, to];
  mark = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
  ['--x0', '--y0', '--x1', '--y1'].forEach((name, i) => set(name, `${100 * mark[i]}%`));
  const isBox = mark[2] > mark[0] && mark[3] > mark[1];
  element.classList.toggle('boxed', isBox);
  element.classList.toggle('crossed', !isBox);
  const [x, y, x1, y1] = mark.map(value => Math.round(100 * value));
  tell(isBox ? 'box' : 'point', {x, y, x1, y1});
}

function clear() {
  mark = anchor = head = null;
  element.classList.remove('boxed', 'crossed');
  tell('');
}

function ask() {
  if (!mark) return tell('none');
  trigger('submit', {box: mark});
  asked = true;
  tell('asked');
}

function draw(on) {
  drawing = on;
  find('[data-do="draw"]')?.setAttribute('aria-pressed', on);
  show();
}

function step(dx, dy, stretch) {
  const by = STEP / Math.sqrt(view.zoom);
  const [across, down] = head ?? [0.5, 0.5];
  const to = [clamp(across + dx * by, 0, 1), clamp(down + dy * by, 0, 1)];
  put(stretch && anchor ? anchor : to, to);
  const beyond = (at, shift) => (at - 0.5) * view.zoom + shift;  // the film follows the cross
  view.x -= Math.sign(beyond(to[0], view.x)) * Math.max(Math.abs(beyond(to[0], view.x)) - 0.45, 0);
  view.y -= Math.sign(beyond(to[1], view.y)) * Math.max(Math.abs(beyond(to[1], view.y)) - 0.45, 0);
  show();
}

const KEYS = {
  ArrowLeft: e => step(-1, 0, e.shiftKey), ArrowRight: e => step(1, 0, e.shiftKey),
  ArrowUp: e => step(0, -1, e.shiftKey), ArrowDown: e => step(0, 1, e.shiftKey),
  '+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), _: () => zoom(1 / 1.4), 0: whole,
  Enter: ask, Escape: clear,
};
const TOOLS = {ask, draw: () => draw(!drawing), in: () => zoom(1.4), out: () => zoom(1 / 1.4), whole};

// Two greys a pixel are the window and level of DICOM viewers: across is contrast, down is brightness.
function greys(event) {
  const {level, window: span} = find('figure').dataset;
  const width = find('.stage').clientWidth;
  return {
    level: Math.round(100 * clamp(Number(level) + (event.clientY - drag.y) / width, 0, 1)),
    window: Math.round(100 * clamp(Number(span) + (event.clientX - drag.x) / width, 0.05, 1.5)),
  };
}

function spread() {
  const [one, two] = [...fingers.values()];
  return {far: Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY) || 1,
          clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2};
}

element.addEventListener('pointerdown', event => {
  const stage = event.target.closest('.stage');
  if (!stage) return;
  stage.focus({preventScroll: true});
  fingers.set(event.pointerId, event);
  stage.setPointerCapture(event.pointerId);
  const does = fingers.size > 1 ? 'pinch' : event.button === 2 || event.shiftKey ? 'greys' : drawing ? 'box' : 'pan';
  drag = {does, x: event.clientX, y: event.clientY, from: place(event), view: {...view}, moved: false,
          far: fingers.size > 1 ? spread().far : 0};
});

element.addEventListener('pointermove', event => {
  if (!drag || !fingers.has(event.pointerId)) return;
  fingers.set(event.pointerId, event);
  drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > STILL;
  if (!drag.moved) return;
  const stage = find('.stage');
  if (drag.does === 'pinch' && fingers.size > 1) {
    const now = spread();
    zoom(clamp(drag.view.zoom * now.far / drag.far, 1, MOST) / view.zoom, place(now));
  } else if (drag.does === 'box') {
    put(drag.from, place(event));
  } else if (drag.does === 'greys') {
    tell('greys', greys(event));
  } else if (drag.does === 'pan') {
    const sheet = find('.sheet');
    view.x = drag.view.x + (event.clientX - drag.x) / sheet.offsetWidth;
    view.y = drag.view.y + (event.clientY - drag.y) / sheet.offsetHeight;
    show();
  }
});

function release(event) {
  if (!fingers.delete(event.pointerId) || !drag) return;
  if (event.type === 'pointerup' && !drag.moved && drag.does !== 'pinch' && drag.does !== 'greys') put(place(event), place(event));
  if (drag.moved && drag.does === 'greys') trigger('input', greys(event));
  if (drag.moved && drag.does === 'box') draw(false);
  if (!fingers.size) drag = null;
}
element.addEventListener('pointerup', release);
element.addEventListener('pointercancel', release);
element.addEventListener('contextmenu', event => event.target.closest('.stage') && event.preventDefault());
element.addEventListener('dblclick', event => event.target.closest('.stage') && whole());

element.addEventListener('wheel', event => {
  const stage = event.target.closest('.stage');
  // A page that is only scrolled past must not zoom.
  if (!stage || !(event.ctrlKey || document.activeElement === stage)) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 400), place(event));
}, {passive: false});

element.addEventListener('keydown', event => {
  const does = event.target.closest('.stage') && KEYS[event.key];
  if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  does(event);
});

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.do) TOOLS[button.dataset.do]();
  else if (!button.matches('.enlarge')) return;
  else if (document.fullscreenElement) document.exitFullscreen();
  else button.closest('figure').requestFullscreen();
});

element.addEventListener('input', event => {
  if (event.target.matches('.wipe input')) set('--wipe', `${event.target.value}%`);
});
watch('value', () => {
  if (asked) clear();  // the film shows now what was asked about
  asked = false;
  draw(drawing);
});
show();
