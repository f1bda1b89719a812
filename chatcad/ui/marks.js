// Marks and findings belong together: a chosen finding lights its sentences, a mark in an answer finds its fact.
const chat = () => document.querySelector('#chat');
let chosen = null;

// The sentences of a paragraph, each with the marks that follow it.
function sentences(block) {
  const found = [];
  let ended = true;
  for (const node of block.childNodes) {
    const isMark = node.nodeType === Node.ELEMENT_NODE && node.matches('a, code');
    if (!isMark && node.textContent.trim() && ended) found.push({first: node, last: node, marks: []});
    else if (!isMark && !ended) found.at(-1).last = node;
    if (isMark) found.at(-1)?.marks.push(node.textContent);
    if (isMark || node.textContent.trim()) ended = isMark;
  }
  return found;
}

function light() {
  if (!window.Highlight) return;
  const said = [...(chat()?.querySelectorAll('.bot p') ?? [])].flatMap(sentences).filter(s => s.marks.includes(chosen));
  const ranges = said.map(({first, last}) => {
    const range = new Range();
    if (first.nodeType === Node.TEXT_NODE) range.setStart(first, first.data.search(/\S/));
    else range.setStartBefore(first);
    if (last.nodeType === Node.TEXT_NODE) range.setEnd(last, last.data.trimEnd().length);
    else range.setEndAfter(last);
    return range;
  });
  CSS.highlights.set('said', new Highlight(...ranges));
}

function choose(number) {
  chosen = number;
  light();
}

function openPassage(link, number) {
  const named = [...document.querySelectorAll('#chat details')].filter(
    source => source.querySelector('summary code')?.textContent === number);
  const after = source => link.compareDocumentPosition(source) & Node.DOCUMENT_POSITION_FOLLOWING;
  const source = named.find(after) ?? named.at(-1);
  if (!source) return;
  source.open = true;
  source.querySelector('summary').focus();
  source.scrollIntoView({block: 'nearest'});
}

function openFact(number) {
  const button = document.querySelector(`.pick[data-finding="${number}"]`);
  const target = button ?? document.querySelector(number.startsWith('R') ? '#figure .stage' : `[data-fact~="${number}"]`);
  choose(number);
  button?.click();
  target?.focus({preventScroll: true});
  target?.scrollIntoView({block: 'center'});
}

const open = event => {
  const link = event.target.closest('#chat a[href^="#"]');
  const number = link?.getAttribute('href').slice(1) ?? '';
  if (!/^[FMPR]\d+$/.test(number) || (event.type === 'keydown' && event.key !== 'Enter')) return;
  event.preventDefault();
  if (number.startsWith('P')) openPassage(link, number);
  else openFact(number);
};
// Before the chat sees them: it keeps the Enter key to itself.
for (const kind of ['click', 'keydown']) document.addEventListener(kind, open, true);
document.addEventListener('click', event => {
  const button = event.target.closest('.pick');
  if (button) choose(button.dataset.finding);
});
// The summary above the film: what is flagged is shown on the film below it, the rest in the table.
document.addEventListener('click', event => {
  const number = event.target.closest('#glance [data-shows]')?.dataset.shows;
  const button = number && document.querySelector(`.pick[data-finding="${number}"]`);
  if (button) button.click();
  else if (number) openFact(number);
});

// A new question goes to the top of the chat while its answer grows below, so that reading begins at the first
// sentence; whoever scrolls or clicks there is left alone.
let questions = 0, following = false;
function follow() {
  const log = chat()?.querySelector('[role=log]'), all = chat()?.querySelectorAll('.user-row') ?? [];
  if (all.length !== questions) following = all.length > 0;
  questions = all.length;
  if (following) log.scrollTop += all[questions - 1].getBoundingClientRect().top - log.getBoundingClientRect().top - 32;
}
for (const kind of ['wheel', 'touchmove', 'pointerdown', 'keydown']) document.addEventListener(kind, event => {
  if (event.target.closest?.('#chat')) following = false;
}, {capture: true, passive: true});

// The chat is drawn anew while an answer comes.
new MutationObserver(() => {
  if (chosen) light();
  follow();
}).observe(document.body, {childList: true, subtree: true, characterData: true});
