/* head_pose.c - weighted rigid fit of the mesh to the canonical face.
 *
 * Reference: B. K. P. Horn, "Closed-form solution of absolute orientation using
 * unit quaternions", JOSA A 4(4), 1987. Weights of the points: MediaPipe's
 * Procrustes basis. */
#include "head_pose_internal.h"
#include <math.h>
#include <string.h>

static const float RAD = 57.29577951f;

/* Largest eigenvector of a symmetric 4x4 matrix by Jacobi rotations; 4x4
 * converges in a few sweeps. */
static void largest_eigenvector(double a[4][4], double q[4])
{
    double v[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    for (int sweep = 0; sweep < 12; sweep++) {
        double off = 0;
        for (int i = 0; i < 4; i++)
            for (int j = i + 1; j < 4; j++) {
                off += a[i][j] * a[i][j];
                if (fabs(a[i][j]) < 1e-15)
                    continue;
                double theta = (a[j][j] - a[i][i]) / (2 * a[i][j]);
                double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
                double c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < 4; k++) {
                    double x = a[k][i], y = a[k][j];
                    a[k][i] = c * x - s * y;
                    a[k][j] = s * x + c * y;
                }
                for (int k = 0; k < 4; k++) {
                    double x = a[i][k], y = a[j][k];
                    a[i][k] = c * x - s * y;
                    a[j][k] = s * x + c * y;
                    x = v[k][i], y = v[k][j];
                    v[k][i] = c * x - s * y;
                    v[k][j] = s * x + c * y;
                }
            }
        if (off < 1e-20)
            break;
    }
    int best = 0;
    for (int i = 1; i < 4; i++)
        if (a[i][i] > a[best][best])
            best = i;
    for (int k = 0; k < 4; k++)
        q[k] = v[k][best];
}

static void rotation_of(const double q[4], float r[3][3])
{
    double w = q[0], x = q[1], y = q[2], z = q[3];
    const double m[3][3] = {
        {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
        {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
        {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)},
    };
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            r[i][j] = (float)m[i][j];
}

typedef struct {
    double c[3], p[3]; /* weighted means: canonical, observed */
    double s[3][3];    /* sum of w * canonical * observed^T, centred */
    double cc, pp, weight;
} fit_sums;

static void observed(const float points[][3], int i, double p[3])
{
    p[0] = (double)points[i][0];
    p[1] = -(double)points[i][1];
    p[2] = -(double)points[i][2];
}

static void sum_up(fit_sums *f, const float points[][3], const rh_fit_weight *weights, int n)
{
    memset(f, 0, sizeof *f);
    double p[3];
    for (int k = 0; k < n; k++) {
        const float *c = rh_canonical_face[weights[k].point];
        double w = (double)weights[k].weight;
        observed(points, weights[k].point, p);
        f->weight += w;
        for (int i = 0; i < 3; i++) {
            f->c[i] += w * (double)c[i];
            f->p[i] += w * p[i];
        }
    }
    for (int i = 0; i < 3; i++) {
        f->c[i] /= f->weight;
        f->p[i] /= f->weight;
    }
    for (int k = 0; k < n; k++) {
        const float *c = rh_canonical_face[weights[k].point];
        double w = (double)weights[k].weight;
        observed(points, weights[k].point, p);
        for (int i = 0; i < 3; i++) {
            double ci = (double)c[i] - f->c[i], pi = p[i] - f->p[i];
            f->cc += w * ci * ci;
            f->pp += w * pi * pi;
            for (int j = 0; j < 3; j++)
                f->s[i][j] += w * ci * (p[j] - f->p[j]);
        }
    }
}

void rh_rigid_fit_points(rh_rigid_fit *out, const float points[][3])
{
    rh_rigid_fit_of(out, points, rh_fit_weights, RH_FIT_POINTS);
}

void rh_rigid_fit_of(rh_rigid_fit *out, const float points[][3], const rh_fit_weight *weights, int n_weights)
{
    fit_sums f;
    sum_up(&f, points, weights, n_weights);
    double(*s)[3] = f.s;
    double n[4][4] = {
        {s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]},
        {0, s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]},
        {0, 0, -s[0][0] + s[1][1] - s[2][2], s[1][2] + s[2][1]},
        {0, 0, 0, -s[0][0] - s[1][1] + s[2][2]},
    };
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            n[i][j] = n[j][i];
    double q[4];
    largest_eigenvector(n, q);
    rotation_of(q, out->r);
    double dot = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            dot += (double)out->r[j][i] * s[i][j];
    double scale = f.cc > 0 ? dot / f.cc : 0;
    out->scale = (float)scale;
    for (int i = 0; i < 3; i++) {
        double rc = 0;
        for (int j = 0; j < 3; j++)
            rc += (double)out->r[i][j] * f.c[j];
        out->t[i] = (float)(f.p[i] - scale * rc);
    }
    double rest = f.pp - scale * dot;
    out->error = scale > 0 && rest > 0 ? (float)(sqrt(rest / f.weight) / scale) : 0.0f;
}

rh_angles rh_angles_of(const float r[3][3])
{
    rh_angles a;
    float up = r[1][2] > 1 ? 1 : r[1][2] < -1 ? -1 : r[1][2];
    a.yaw = RAD * atan2f(-r[0][2], r[2][2]);
    a.pitch = RAD * asinf(up);
    a.roll = -RAD * atan2f(r[1][0], r[1][1]);
    return a;
}
