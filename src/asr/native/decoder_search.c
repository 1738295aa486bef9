/* Ways to choose tokens: greedy (with a draft to verify), sampling of several
 * answers, beams. All as in openai-whisper's decoding.py. */
#include <math.h>
#include "decoder_internal.h"

static int32_t eot_of(const dec_search *q)
{
    return rh_tokenizer_special(q->s->m->tokenizer)->eot;
}

static bool canceled(const dec_search *q)
{
    return q->p->cancel && atomic_load_explicit(q->p->cancel, memory_order_relaxed);
}

/* Others that decode meanwhile need not wait for this one's rows. */
static void give_way(const dec_search *q)
{
    if (!q->p->give_way)
        return;
    dec_share_end(q->s->m);
    q->p->give_way(q->p->give_way_user);
    dec_share_begin(q->s->m);
}

static rh_status fail_canceled(rh_error *err)
{
    return rh_fail(err, RH_ERR_CANCELED, "decoding was canceled");
}

static float *row(const dec_search *q, int i)
{
    return q->s->logits + (size_t)i * (size_t)q->s->m->n_vocab;
}

static void collect_ids(const dec_path *path, int32_t *ids)
{
    for (int i = 0; i < path->n; i++)
        ids[i] = path->tokens[i].id;
}

/* Gives `path` its next token. */
static void append(const dec_search *q, dec_path *path, rh_dec_token t)
{
    path->sum_logprob += t.logprob;
    if (t.id == eot_of(q)) {
        path->done = true;
        return;
    }
    path->tokens[path->n++] = t;
    if (path->n == q->max_tokens || path->seq.n + 1 >= q->s->m->hp.n_text_ctx)
        path->done = true;
}

enum { DRAFT_REACH = 10, DRAFT_TRIAL = 6, DRAFT_FOUND = 3 };

/* Where the draft is kept to: nats by which another token must be more probable than
 * the draft's own to take its place. */
static const float DRAFT_KEPT = 3.0f;

static bool is_filler(const rh_dec_model *m, int32_t id)
{
    for (int i = 0; i < m->n_fillers; i++)
        if (m->fillers[i] == id)
            return true;
    return false;
}

/* The most probable token; or the draft's (index `at`), where it is to be kept. */
static int32_t choose(const dec_search *q, const dec_dist *d, const float *x, bool keep, int at)
{
    if (!keep || at >= q->p->n_draft || is_filler(q->s->m, d->best))
        return d->best;
    int32_t id = q->p->draft[at];
    bool near = id >= 0 && id < q->s->m->n_vocab && x[d->best] - x[id] < DRAFT_KEPT;
    return near ? id : d->best;
}

/* Tokens of the draft that can be run in one pass, from index `from` on. */
static int draft_run(const dec_search *q, const dec_path *path, int from, int most)
{
    int n = 0, room = q->s->m->hp.n_text_ctx - path->seq.n - 1;
    while (n < most && n < room && from + n < q->p->n_draft && q->p->draft[from + n] >= 0 &&
           q->p->draft[from + n] < q->s->m->n_vocab)
        n++;
    return n;
}

/* Where the draft says the path's last token, from `at` on; -1 when it does not
 * nearby. An answer that strays from its draft (a hesitation more, another
 * spelling) mostly comes back to it. */
static int find_in_draft(const dec_search *q, const dec_path *path, int at)
{
    int32_t last = path->tokens[path->n - 1].id;
    for (int i = at; i < q->p->n_draft && i < at + DRAFT_REACH; i++)
        if (q->p->draft[i] == last)
            return i;
    return -1;
}

/* Runs draft[from..from + n), whose first token is the path's last one, as far
 * as greedy decoding confirms it; where it is to be kept to, that begins at once when
 * `in_step`, else after some tokens. On return, as on entry, all tokens of the path
 * but the last one have been run. *used: tokens that were run and right. */
static rh_status verify_draft(dec_search *q, dec_path *path, int from, int n, bool in_step, int *used, rh_error *err)
{
    const int32_t *draft = q->p->draft;
    dec_sequence *seq = &path->seq;
    int32_t ids[RH_DEC_MAX_TOKENS];
    int base = seq->n;
    collect_ids(path, ids);
    rh_status st = dec_extend(q->s, seq, draft + from, n, 0, NULL, q->p->deadline_us, err);
    if (st != RH_OK)
        return st;
    q->n_steps++;
    *used = 0;
    do {
        seq->n = base + *used + 1; /* as far as one step at a time would have come */
        const float *x = row(q, *used);
        dec_dist d = dec_rules_apply(&q->rules, row(q, *used), ids, path->n);
        bool keep = q->p->keep_to_draft && (in_step || *used >= DRAFT_FOUND);
        append(q, path, dec_token_of(&d, x, choose(q, &d, x, keep, from + *used + 1)));
        ++*used;
        if (path->done)
            break;
        ids[path->n - 1] = path->tokens[path->n - 1].id;
    } while (*used < n && ids[path->n - 1] == draft[from + *used]);
    dec_slots_keep(q->s, &seq, 1);
    return RH_OK;
}

static rh_status one_step(dec_search *q, dec_path *path, rh_error *err)
{
    int32_t ids[RH_DEC_MAX_TOKENS], last = path->tokens[path->n - 1].id;
    rh_status st = dec_extend(q->s, &path->seq, &last, 1, 0, NULL, q->p->deadline_us, err);
    if (st != RH_OK)
        return st;
    q->n_steps++;
    collect_ids(path, ids);
    dec_dist d = dec_rules_apply(&q->rules, row(q, 0), ids, path->n);
    append(q, path, dec_token_of(&d, row(q, 0), d.best));
    return RH_OK;
}

/* A decoder that has begun to repeat itself does so to the end of its room. It is stopped when it
 * has written more than people say; one that is talked into hesitations at once. */
static bool repeats(const dec_search *q, dec_path *path)
{
    enum { LONGEST_PERIOD = 16, ENOUGH = 48 };
    if (path->n < ENOUGH || (q->p->filler_boost == 0.0f && path->n < q->max_tokens / 2))
        return false;
    for (int period = 1; period <= LONGEST_PERIOD; period++) {
        int same = 0;
        while (same + period < path->n &&
               path->tokens[path->n - 1 - same].id == path->tokens[path->n - 1 - same - period].id)
            same++;
        if (same + period >= ENOUGH) {
            path->period = period;
            path->n_loop = same + period;
            return true;
        }
    }
    return false;
}

static void begin(dec_path *path, const dec_sequence *first)
{
    path->n = path->period = path->n_loop = 0;
    path->sum_logprob = 0.0f;
    path->done = false;
    path->seq = *first;
}

rh_status dec_greedy(dec_search *q, const dec_sequence *first, rh_error *err)
{
    dec_path *path = &q->paths[0];
    begin(path, first);
    dec_dist d = dec_rules_apply(&q->rules, row(q, 0), NULL, 0);
    append(q, path, dec_token_of(&d, row(q, 0), choose(q, &d, row(q, 0), q->p->keep_to_draft, 0)));
    int at = 0, trust = DEC_LOGIT_ROWS; /* place in the draft; how much of it to try at once */
    bool in_step = true;                /* all of the draft before `at` was said */
    while (!path->done && !repeats(q, path)) {
        if (canceled(q))
            return fail_canceled(err);
        give_way(q);
        int from = find_in_draft(q, path, at), used = 0;
        int n = from >= 0 ? draft_run(q, path, from, trust) : 0;
        rh_status st =
            n < 2 ? one_step(q, path, err) : verify_draft(q, path, from, n, in_step && from == at, &used, err);
        if (st != RH_OK)
            return st;
        if (used > 1) /* not one that only looked like the place */
            at = from + used;
        in_step = n >= 2 && used == n;
        trust = used == n && n >= 2 ? DEC_LOGIT_ROWS : DRAFT_TRIAL;
    }
    return RH_OK;
}

/* One step for the unfinished of `n` paths: their last tokens run together,
 * logits of the i-th of them in row i; live[i] says which path that is. */
static rh_status step_group(dec_search *q, int n, int *live, int *n_live, rh_error *err)
{
    rh_dec_state *s = q->s;
    dec_row rows[DEC_MAX_GROUP];
    *n_live = 0;
    for (int i = 0; i < n; i++) {
        dec_path *path = &q->paths[i];
        if (path->done)
            continue;
        dec_sequence *seq = &path->seq;
        rh_status st = dec_slot_take(s, &seq->slots[seq->n], err);
        if (st != RH_OK)
            return st;
        seq->tokens[seq->n] = path->tokens[path->n - 1].id;
        rows[*n_live] = (dec_row){
            .s = s, .token = seq->tokens[seq->n], .pos = seq->n, .slots = seq->slots, .logits = row(q, *n_live)};
        seq->n++;
        live[(*n_live)++] = i;
    }
    if (*n_live) {
        dec_share_run(s->m, rows, *n_live, q->p->deadline_us);
        q->n_steps++;
    }
    return RH_OK;
}

static double random_unit(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static int32_t draw(dec_search *q, const float *logits, float temperature, int32_t fallback)
{
    int n = q->s->m->n_vocab;
    for (int i = 0; i < n; i++)
        q->scratch[i] = logits[i] / temperature;
    q->s->m->k->softmax(q->scratch, n);
    double at = random_unit(&q->random), sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += (double)q->scratch[i];
        if (at < sum && q->scratch[i] > 0.0f)
            return i;
    }
    return fallback; /* rounding left nothing */
}

static void keep_best_path(dec_search *q, int n)
{
    int best = 0;
    float best_score = -INFINITY;
    for (int i = 0; i < n; i++) {
        float len = (float)(q->paths[i].n > 0 ? q->paths[i].n : 1);
        float score = q->paths[i].sum_logprob / len;
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    if (best)
        q->paths[0] = q->paths[best];
}

/* What is left of the work is spent, or no answer can become likely enough any more. */
static bool hopeless(const dec_search *q, int n)
{
    bool going_on = false, likely = false;
    for (int i = 0; i < n; i++) {
        going_on = going_on || !q->paths[i].done;
        likely = likely || q->paths[i].sum_logprob >= q->least_sum;
    }
    return (going_on && q->most_steps && q->n_steps >= q->most_steps) || !likely;
}

rh_status dec_sample(dec_search *q, const dec_sequence *first, float temperature, rh_error *err)
{
    enum { N = DEC_BEST_OF };
    int live[DEC_MAX_GROUP], n_live = N;
    int32_t ids[RH_DEC_MAX_TOKENS];
    dec_dist d = dec_rules_apply(&q->rules, row(q, 0), NULL, 0);
    for (int i = 0; i < N; i++) {
        dec_path *path = &q->paths[i];
        begin(path, first);
        append(q, path, dec_token_of(&d, row(q, 0), draw(q, row(q, 0), temperature, d.best)));
    }
    while (n_live) {
        if (canceled(q))
            return fail_canceled(err);
        rh_status st = step_group(q, N, live, &n_live, err);
        if (st != RH_OK)
            return st;
        for (int i = 0; i < n_live; i++) {
            dec_path *path = &q->paths[live[i]];
            collect_ids(path, ids);
            dec_dist di = dec_rules_apply(&q->rules, row(q, i), ids, path->n);
            append(q, path, dec_token_of(&di, row(q, i), draw(q, row(q, i), temperature, di.best)));
            path->done = path->done || repeats(q, path);
        }
        if (hopeless(q, N))
            return RH_AGAIN;
    }
    keep_best_path(q, N);
    return RH_OK;
}

typedef struct {
    int path;
    rh_dec_token token;
    float score;
} candidate;

/* The k largest of a row, best first. */
static int top_tokens(const float *x, int n, int k, int32_t *out)
{
    int count = 0;
    float least = -INFINITY;
    for (int i = 0; i < n; i++) {
        if (!(x[i] > least))
            continue;
        int at = count < k ? count++ : k - 1;
        while (at > 0 && x[out[at - 1]] < x[i]) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = i;
        if (count == k)
            least = x[out[k - 1]];
    }
    return count;
}

static void add_candidate(candidate *c, int *n, candidate new)
{
    int at = (*n)++;
    while (at > 0 && c[at - 1].score < new.score) {
        c[at] = c[at - 1];
        at--;
    }
    c[at] = new;
}

static int list_candidates(dec_search *q, const int *live, int n_live, int beam, candidate *out)
{
    int n = 0;
    int32_t ids[RH_DEC_MAX_TOKENS], top[DEC_MAX_GROUP + 1];
    for (int i = 0; i < n_live; i++) {
        const dec_path *path = &q->paths[live[i]];
        collect_ids(path, ids);
        float *x = row(q, i);
        dec_dist d = dec_rules_apply(&q->rules, x, ids, path->n);
        int k = top_tokens(x, q->s->m->n_vocab, beam + 1, top);
        for (int j = 0; j < k; j++) {
            rh_dec_token t = dec_token_of(&d, x, top[j]);
            add_candidate(out, &n, (candidate){live[i], t, path->sum_logprob + t.logprob});
        }
    }
    return n;
}

/* Finished answers: how many there were and the best of them. */
typedef struct {
    dec_path *best;
    float best_score;
    int n;
} finished_list;

static void finish(finished_list *f, const dec_path *path, float sum)
{
    float score = sum / (float)(path->n > 0 ? path->n : 1);
    f->n++;
    if (f->n > 1 && score <= f->best_score)
        return;
    *f->best = *path;
    f->best->sum_logprob = sum;
    f->best_score = score;
}

/* One round: candidates, best first, become finished answers or the next beams. */
static int choose_beams(dec_search *q, const candidate *c, int n, int beam, finished_list *f)
{
    int saved = 0;
    for (int i = 0; i < n && saved < beam; i++) {
        const dec_path *from = &q->paths[c[i].path];
        if (c[i].token.id == eot_of(q)) {
            if (f->n < beam)
                finish(f, from, c[i].score);
            continue;
        }
        dec_path *to = &q->next[saved++];
        *to = *from;
        append(q, to, c[i].token);
    }
    dec_path *swap = q->paths;
    q->paths = q->next;
    q->next = swap;
    return saved;
}

rh_status dec_beam(dec_search *q, const dec_sequence *first, rh_error *err)
{
    int beam = q->p->beam, live[DEC_MAX_GROUP] = {0}, n_live = 1, n = 1;
    candidate c[DEC_MAX_GROUP * (DEC_MAX_GROUP + 1)];
    dec_path *path = &q->paths[0];
    finished_list f = {.best = &q->next[DEC_MAX_GROUP]};
    begin(path, first);
    *f.best = *path;
    for (;;) {
        n = choose_beams(q, c, list_candidates(q, live, n_live, beam, c), beam, &f);
        bool full = n == 0 || q->paths[0].done; /* all beams have one length */
        if (f.n >= beam || full)
            break;
        if (canceled(q))
            return fail_canceled(err);
        dec_sequence *seqs[DEC_MAX_GROUP];
        for (int i = 0; i < n; i++)
            seqs[i] = &q->paths[i].seq;
        dec_slots_keep(q->s, seqs, n);
        rh_status st = step_group(q, n, live, &n_live, err);
        if (st != RH_OK)
            return st;
    }
    for (int i = 0; i < n && f.n < beam; i++) /* cut off by length */
        finish(&f, &q->paths[i], q->paths[i].sum_logprob);
    q->paths[0] = *f.best;
    return RH_OK;
}
