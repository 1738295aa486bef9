// signin.js - who practises here: by a token of the settings, or an account of an issuer (OpenID Connect: a code, with
// PKCE). What opens the rest is a cookie, since that reaches WebSockets, links and sound too.
import { $, fault, request, show, tell } from './api.js';
import { put, w } from './words.js';

const KEY = 'rehearse_signin', TOKEN = 'rehearse_id_token', LAST = 'rehearse_signin_at';
const OLD_S = 60, LOOP_MS = 30_000, COOKIE_BYTES = 4000;
const folder = () => new URL('.', document.baseURI); // where a proxy put the server

const coded = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => coded(crypto.getRandomValues(new Uint8Array(32)));
const claims = (token) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))));

function keepCookie(token, seconds) {
  const secure = location.protocol === 'https:' ? '; Secure' : '', age = seconds === null ? '' : `; Max-Age=${seconds}`;
  document.cookie = `rehearse_token=${encodeURIComponent(token)}; SameSite=Strict; Path=${folder().pathname}${age}${secure}`;
}

// Who that is, as the server knows: {name, role, asks}; asks: people say who they are here.
let me = null;
export async function whoIsThere() {
  if (me) return me;
  const [person, ways] = await Promise.all([request('v1/me'), request('signin')]);
  me = { ...person, asks: ways.tokens || Boolean(ways.oidc), ways };
  tellPerson();
  return me;
}
// Lists of an owner's have everybody's rows: these are one's own.
export const ownRows = () => (me?.asks && me.role === 'owner' ? `&person=${encodeURIComponent(me.name ?? '')}` : '');
export const isMentor = () => me?.role === 'mentor';
export const mayShareWithMentor = () => Boolean(me?.asks);

function tellPerson() {
  const box = $('#person');
  box.hidden = !me.asks;
  put($('span', box), me.name ?? '');
  $('[data-nav=""]').hidden = isMentor();
  $('button', box).onclick = signOut;
}

function signOut() {
  const token = sessionStorage.getItem(TOKEN), end = me?.ways.oidc?.end_session_endpoint, here = folder().href;
  keepCookie('', 0);
  for (const key of [TOKEN, KEY, LAST]) sessionStorage.removeItem(key);
  if (!token || !end) return location.replace(here);
  const url = new URL(end);
  for (const [name, value] of Object.entries({ id_token_hint: token, client_id: me.ways.oidc.client_id, post_logout_redirect_uri: here })) url.searchParams.set(name, value);
  location.assign(url);
}

async function toIssuer(oidc) {
  if (!crypto.subtle) throw fault('signin.needs_https');
  const state = random(), nonce = random(), verifier = random();
  const challenge = coded(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
  sessionStorage.setItem(KEY, JSON.stringify({ state, nonce, verifier, back: location.hash }));
  sessionStorage.setItem(LAST, Date.now());
  const url = new URL(oidc.authorization_endpoint);
  const wish = { response_type: 'code', client_id: oidc.client_id, redirect_uri: folder().href, scope: oidc.scope, state, nonce,
    code_challenge: challenge, code_challenge_method: 'S256' };
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value);
  location.assign(url);
}

// The issuer has sent the person back with a code. What went wrong is thrown.
export async function comeFromIssuer() {
  const came = new URLSearchParams(location.search), saved = JSON.parse(sessionStorage.getItem(KEY) || 'null');
  if (!came.has('state') || !(came.has('code') || came.has('error'))) return;
  sessionStorage.removeItem(KEY);
  history.replaceState(null, '', folder().pathname + (saved?.back ?? ''));
  const { oidc } = await request('signin');
  if (!oidc || !saved || came.get('state') !== saved.state || !came.has('code')) throw fault('signin.failed');
  const body = new URLSearchParams({ grant_type: 'authorization_code', code: came.get('code'), redirect_uri: folder().href,
    client_id: oidc.client_id, code_verifier: saved.verifier });
  const token = await fetch(oidc.token_endpoint, { method: 'POST', body }).then(async (r) => (r.ok ? (await r.json()).id_token : null)).catch(() => null);
  if (!token || claims(token).nonce !== saved.nonce) throw fault('signin.failed');
  if (token.length > COOKIE_BYTES) throw fault('signin.too_long');
  sessionStorage.setItem(TOKEN, token);
  keepCookie(token, null);
}

// A token that is about to expire is asked for anew; true: the page goes there.
export async function renewed() {
  const token = sessionStorage.getItem(TOKEN);
  if (!token || claims(token).exp - Date.now() / 1000 > OLD_S || Date.now() - Number(sessionStorage.getItem(LAST)) < LOOP_MS) return false;
  const { oidc } = await request('signin');
  if (oidc) await toIssuer(oidc);
  return Boolean(oidc);
}

let tried = false;
export async function askWho(route, problem = null) {
  const ways = await request('signin').catch(() => ({ tokens: true, oidc: null }));
  me = null;
  show('view-token');
  const wrong = $('#token-wrong'), button = $('#sign-in'), form = $('#token-form');
  const say = (what) => { wrong.hidden = !what; if (what) tell(wrong, what); };
  say(problem ?? (tried ? w('token.wrong') : null));
  put($('h1'), w(ways.oidc ? 'signin.title' : 'token.title'));
  put($('#token-hint'), w(ways.oidc ? 'signin.hint' : 'token.hint'));
  button.hidden = !ways.oidc;
  form.hidden = Boolean(ways.oidc) && !ways.tokens;
  if (ways.oidc) put(button, w('signin.with', { host: new URL(ways.oidc.issuer).host }));
  button.addEventListener('click', () => toIssuer(ways.oidc).catch(say));
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    keepCookie($('#token').value.trim(), 31536000);
    tried = true;
    route();
  });
  (ways.oidc ? button : $('#token')).focus();
}
