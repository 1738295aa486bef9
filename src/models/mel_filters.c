/* The mel filter bank as librosa.filters.mel(sr=16000, n_fft=400) makes it:
 * Slaney's scale (linear below 1 kHz, logarithmic above) and area
 * normalisation. The steps and their roundings follow librosa's, so that the
 * results are the same floats.
 * Source: Slaney, "Auditory Toolbox", 1998; librosa 0.10. */
#include "rehearse/models/mel_filters.h"

#include <math.h>

static const double linear_step_hz = 200.0 / 3.0; /* per mel below 1 kHz */
static const double log_from_hz = 1000.0;
static const double top_hz = 8000.0, bin_hz = 40.0;

static double log_step(void)
{
    return log(6.4) / 27.0;
}

static double hz_to_mel(double hz)
{
    if (hz < log_from_hz)
        return hz / linear_step_hz;
    return log_from_hz / linear_step_hz + log(hz / log_from_hz) / log_step();
}

static double mel_to_hz(double mel)
{
    double from = log_from_hz / linear_step_hz;
    if (mel < from)
        return linear_step_hz * mel;
    return log_from_hz * exp(log_step() * (mel - from));
}

/* Edge i of n_mels + 2 edges, evenly spaced in mel. */
static double edge_hz(int i, int n_mels)
{
    double top = hz_to_mel(top_hz), step = top / (n_mels + 1);
    return mel_to_hz(i == n_mels + 1 ? top : i * step);
}

void rh_mel_filters(int n_mels, float *filters)
{
    for (int m = 0; m < n_mels; m++) {
        double left = edge_hz(m, n_mels), middle = edge_hz(m + 1, n_mels), right = edge_hz(m + 2, n_mels);
        double norm = 2.0 / (right - left);
        for (int b = 0; b < RH_MEL_BINS; b++) {
            double hz = b * bin_hz;
            /* In librosa's form, which gives the very first value as -0. */
            double rise = -(left - hz) / (middle - left), fall = (right - hz) / (right - middle);
            double height = fmin(rise, fall);
            float w = (float)(height < 0.0 ? 0.0 : height); /* librosa rounds here already */
            filters[m * RH_MEL_BINS + b] = (float)((double)w * norm);
        }
    }
}
