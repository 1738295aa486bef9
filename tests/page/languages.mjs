// languages.mjs - the page in each of its languages: first visits, changing it in the middle, long words in narrow
// windows, and what is spoken.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, test } from './harness.mjs';

const PHONE = { width: 390, height: 844 };
const ZOOMED = { width: 640, height: 430 }; // a desktop window at 200 %
const words = (language, file = 'page') => JSON.parse(readFileSync(join(root, `web/messages/${language}/${file}.json`), 'utf8'));

// Texts and names that are English in the page of another language, and not marked as such.
const english = (page) => page.evaluate(() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  const ENGLISH = /\b(the|your|you|with|and|what|this|of|start|for|from|were)\b/i;
  while (walker.nextNode()) {
    const n = walker.currentNode, node = n.nodeType === 3 ? n.parentElement : n;
    if (node.closest('script, style, template, noscript, #no-words, #pick, #voice, #camera, #microphone, .transcript, [lang=en]')) continue;
    const texts = n.nodeType === 3 ? [n.data] : ['title', 'aria-label', 'placeholder', 'label', 'alt'].map((a) => n.getAttribute(a)).filter(Boolean);
    for (const text of texts) if (ENGLISH.test(text)) found.push(text.trim());
  }
  return found;
});

// Nothing is wider than its place: no text is cut off, no button reaches over its neighbour.
const overflows = (page) => page.evaluate(() => [...document.querySelectorAll('main :is(p, h1, h2, h3, button, label, summary, li, dt, dd, small, span, a, td, th), header :is(a, p, select)')]
  .filter((n) => n.offsetParent && !n.closest('.visually-hidden, .table-wrap, .u-axis, .lanes') && n.scrollWidth > n.clientWidth + 1 && n.clientWidth > 0 && getComputedStyle(n).display !== 'inline')
  .map((n) => `${n.tagName} ${n.textContent.slice(0, 60)}: ${n.scrollWidth} in ${n.clientWidth}`));

const opened = (page) => page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });

export async function languages({ open, quiet, axe, looksFinished, server }) {
  const visit = async (locale, options = {}) => {
    const page = await open({ locale, ...options });
    await page.goto(server.url);
    await page.waitForSelector('#question:not(:empty)');
    return page;
  };
  const narrow = async (page, name) => {
    for (const [size, kind] of [[PHONE, 'phone'], [ZOOMED, 'zoomed']]) {
      await page.setViewportSize(size);
      await page.waitForTimeout(200);
      await looksFinished(page, `${name}-${kind}`);
      assert.deepEqual(await overflows(page), [], `${name}, ${kind}`);
    }
    await page.setViewportSize({ width: 1280, height: 860 });
  };

  await test('a first visit speaks the language of the browser', async () => {
    for (const [locale, code] of [['de-AT', 'de'], ['es-MX', 'es'], ['fr-FR', 'fr'], ['pt-BR', 'en']]) {
      const page = await visit(locale), w = words(code);
      assert.equal(await page.evaluate(() => document.documentElement.lang), code);
      assert.equal(await page.textContent('.intro h1'), w['setup.title']);
      assert.equal(await page.inputValue('#tongue'), code);
      const spoken = () => page.evaluate(() => { const s = document.querySelector('#language'); return [s.value, s.selectedOptions[0].textContent]; });
      const asked = (of) => ['', w['settings.language.asked'].replace('{language}', new Intl.DisplayNames([code, 'en'], { type: 'language' }).of(of).replace(/^./, (c) => c.toLocaleUpperCase(code)))];
      assert.deepEqual(await spoken(), asked('en'), 'what is spoken follows the question of the bank');
      await page.fill('#own', '?');
      assert.deepEqual(await spoken(), asked(code), 'or one of their own');
      await page.fill('#own', '');
      assert.deepEqual(await spoken(), asked('en'));
      assert.equal(await page.isVisible('#bank-language'), code !== 'en');
      if (code !== 'en') assert.equal(await page.textContent('#bank-language'), w['setup.english']);
      assert.equal(await page.getAttribute('#question', 'lang'), 'en');
      await opened(page);
      if (code !== 'en') assert.deepEqual(await english(page), [], code);
      await page.check('[name=mode][value=interview]', { force: true });
      await opened(page);
      if (code !== 'en') assert.deepEqual(await english(page), [], code);
      await axe(page);
      await narrow(page, `interview-setup-${code}`);
      await page.goto(`${server.url}#/report/nowhere`);
      await page.waitForSelector('.notice');
      assert.equal(await page.getAttribute('.notice', 'lang'), code === 'en' ? null : 'en', 'what the server says is English');
      await page.context().close();
    }
    quietButMissing(quiet);
  });

  await test('practice and report are in German, and change to French in the middle', async () => {
    const page = await visit('de-DE'), de = { ...words('de'), ...words('de', 'report') }, fr = { ...words('fr'), ...words('fr', 'report') };
    await opened(page);
    await page.selectOption('#language', 'en'); // what is spoken is a setting of its own
    await page.fill('#own', 'Wie würden Sie dieses Team führen?');
    await narrow(page, 'setup-de');
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:04');
    assert.equal(await page.textContent('#finish'), de['practice.finish']);
    await narrow(page, 'practice-de');
    const before = await page.evaluate(() => { window.kept = document.querySelector('#self'); return document.querySelector('#timer').textContent; });
    await page.selectOption('#tongue', 'fr');
    await page.waitForFunction((text) => document.querySelector('#finish').textContent === text, fr['practice.finish']);
    assert.equal(await page.evaluate(() => window.kept === document.querySelector('#self') && window.kept.srcObject.active), true, 'the practice goes on');
    assert.equal(await page.textContent('#asked'), 'Wie würden Sie dieses Team führen?');
    await page.waitForFunction((t) => document.querySelector('#timer').textContent > t, before);
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
    await page.waitForTimeout(8000);
    await page.click('#finish');
    await page.waitForSelector('article.report', { timeout: 60000 });
    await opened(page);
    for (const [w, at] of [[fr, null], [de, 'de']]) {
      if (at) await page.selectOption('#tongue', at);
      await page.waitForFunction((text) => [...document.querySelectorAll('h2')].some((h) => h.textContent === text), w['report.timeline']);
      const heads = await page.$$eval('article h2', (list) => list.map((h) => h.textContent));
      for (const key of ['report.keep', 'report.change', 'report.timeline', 'report.transcript', 'report.all_scores', 'report.evidence', 'share.title']) assert.ok(heads.includes(w[key]), `${key}: ${heads}`);
      assert.deepEqual(await english(page), []);
      assert.deepEqual(await page.$$eval('article [lang=en]', (list) => list.filter((n) => !n.matches('.transcript') && !n.closest('.next, .about')).map((n) => n.textContent)), [], 'each sentence of the server is translated');
    }
    assert.match(await page.textContent('.summary'), /^\d+ Sekunden gesprochen, \d+ Wörter pro Minute/);
    assert.equal(await page.locator('details:not([open])').count(), 0, 'what was open stays open');
    assert.equal(await page.getAttribute('.transcript', 'lang'), 'en');
    await axe(page);
    await narrow(page, 'report-de');
    await page.reload(); // the choice is remembered
    await page.waitForSelector('article.report');
    assert.equal(await page.inputValue('#tongue'), 'de');
    assert.match(await page.title(), new RegExp(`^${de['report.title']}`));
    const id = decodeURIComponent(page.url().split('/').at(-1));
    await page.goto(`${server.url}v1/sessions/${id}/report?format=html`); // as a file: in the reader's language
    await page.waitForSelector('article.report');
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
    assert.match(await page.textContent('.summary'), /^\d+ Sekunden gesprochen/);
    assert.deepEqual(await english(page), []);
    await page.goto(`${server.url}#/progress`);
    await page.waitForSelector('table.sessions');
    const asked = await page.evaluate(async () => (await (await fetch('/v1/sessions?limit=500')).json()).sessions.map((s) => s.meta?.question ?? '-'));
    assert.deepEqual((await english(page)).filter((text) => !asked.some((question) => text.startsWith(question))), [], 'all but what was asked');
    await narrow(page, 'progress-de');
    quiet();
    await page.context().close();
  });

  await test('an interview welcomes and thanks in German, asks in English, and its report is in German', async () => {
    const page = await open({ locale: 'de-DE' }), de = words('de');
    await page.addInitScript(() => {
      window.spoken = [];
      const said = (u) => { if (u.text.trim()) window.spoken.push([u.text, u.lang]); setTimeout(() => u.dispatchEvent(new Event('start')), 20); setTimeout(() => u.dispatchEvent(new Event('end')), 200); };
      const voice = (name, lang) => ({ name, lang, voiceURI: name, localService: true });
      Object.defineProperty(window, 'speechSynthesis', { value: { getVoices: () => [voice('Emma', 'en-GB'), voice('Anna', 'de-DE')], speak: said, cancel() {} } });
      window.SpeechSynthesisUtterance = class extends EventTarget {
        constructor(text) { super(); this.text = text; for (const t of ['start', 'end', 'error']) this.addEventListener(t, (e) => this[`on${t}`]?.(e)); }
      };
    });
    await page.goto(server.url);
    await page.waitForSelector('#question:not(:empty)');
    await page.check('[name=mode][value=interview]', { force: true });
    await page.selectOption('#interview-length', '1');
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('.interview')?.dataset.phase === 'listening', null, { timeout: 30000 });
    const asked = await page.textContent('#asked'), spoken = await page.evaluate(() => window.spoken);
    const welcome = de['interview.welcome'].one;
    assert.deepEqual(spoken.filter(([text]) => welcome.includes(text)).map(([, lang]) => lang), Array(welcome.match(/[.!?]/g).length).fill('de-DE'));
    assert.deepEqual([...new Set(spoken.filter(([text]) => asked.includes(text)).map(([, lang]) => lang))], ['en-GB']);
    assert.equal(await page.getAttribute('#asked', 'lang'), 'en');
    assert.equal(await page.textContent('#phase'), de['interview.listening']);
    assert.deepEqual(await english(page), []);
    await narrow(page, 'interview-de');
    await page.click('#finish');
    await page.waitForSelector('article.interview-report .answered .facts', { timeout: 60000 });
    const thanked = await page.evaluate(() => window.spoken.at(-1));
    assert.ok([1, 2, 3].some((n) => de[`interview.thanks.${n}`].includes(thanked[0])) && thanked[1] === 'de-DE', thanked.join());
    assert.equal(await page.textContent('h1'), de['interviews.heading']);
    assert.deepEqual(await english(page), []);
    await axe(page);
    await narrow(page, 'interview-report-de');
    quiet();
    await page.context().close();
  });

  await test('each sentence of the server is known by its format, with its values', async () => {
    for (const code of ['de', 'es', 'fr']) {
      const page = await visit(code), sentences = words(code, 'sentences');
      const wrong = await page.evaluate(async (all) => {
        const { sentence } = await import(new URL('js/words.js', document.baseURI));
        const found = [];
        for (const [format, to] of Object.entries(all)) {
          const shown = [];
          const text = format.replace(/%(?:\.?\d*)(?:z)?[dufs]|%%/g, (d) => {
            if (d === '%%') return '%';
            const [told, meant] = d.endsWith('s') ? ['xyz', 'xyz'] : d.endsWith('.1f') ? ['2.5', '2,5'] : ['7', '7'];
            shown.push(meant);
            return told;
          });
          const meant = (to.other ?? to).replace(/\{(\d+)=?\}/g, (_, n) => shown[n - 1]);
          if (sentence(text) !== meant) found.push(`${text}: ${sentence(text)}, not ${meant}`);
        }
        return [...found, ...['', 'Nobody tells this.'].filter((text) => sentence(text))];
      }, sentences);
      assert.deepEqual(wrong, [], code);
      const named = await page.evaluate(async () => (await import(new URL('js/words.js', document.baseURI))).sentence('Fillers, hedges and content are not measured in Polish; its pace is shown without a target.'));
      assert.match(named, { de: /^Füllwörter, Abschwächungen und Inhalt: auf Polnisch/, es: /^No se miden en polaco: muletillas, atenuantes y contenido/, fr: /^Non mesurés en polonais.: mots de remplissage, atténuations et contenu/ }[code]);
      await page.context().close();
    }
    quiet();
  });

  await test('cues are told in the language of the page, what is not known is marked as English', async () => {
    const page = await visit('es-ES');
    await page.addInitScript(() => {
      const Real = window.WebSocket;
      window.WebSocket = class extends Real { constructor(...a) { super(...a); window.lastSocket = this; } };
      window.cue = (text) => window.lastSocket.onmessage(new MessageEvent('message', { data: JSON.stringify({ type: 'cue', text }) }));
    });
    page.on('dialog', (d) => d.accept());
    await page.reload();
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:01');
    await page.evaluate(() => window.cue('Look at the camera'));
    assert.deepEqual(await page.$eval('#cue', (n) => [n.textContent, n.getAttribute('lang')]), [words('es', 'sentences')['Look at the camera'], null]);
    await page.evaluate(() => window.cue('Stand on one leg'));
    assert.deepEqual(await page.$eval('#cue', (n) => [n.textContent, n.getAttribute('lang')]), ['Stand on one leg', 'en']);
    await page.click('#cancel');
    await page.waitForSelector('#another');
    quiet();
    await page.context().close();
  });
}

// A report that is not there shows in the console.
function quietButMissing(quiet) {
  try {
    quiet();
  } catch (e) {
    assert.ok([...e.actual].every((text) => /404/.test(text)), e.message);
  }
}
