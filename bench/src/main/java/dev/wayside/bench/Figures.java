// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Figures of one thing, measured several times. */
final class Figures {
    private final List<Double> values = new ArrayList<>();

    void add(double value) {
        values.add(value);
    }

    int count() {
        return values.size();
    }

    double mean() {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    double median() {
        return percentile(50);
    }

    /** The nearest rank. */
    double percentile(int percent) {
        if (values.isEmpty()) {
            throw new IllegalStateException("nothing was measured");
        }
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(Math.max(0, (int) Math.ceil(percent / 100.0 * sorted.size()) - 1));
    }

    /** {@code MEDIAN (LEAST–MOST, n=COUNT)}. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%8.1f (%.1f–%.1f, n=%d)",
                median(),
                percentile(0),
                percentile(100),
                count());
    }

    /** {@code 1.23×}: this median over the other's. */
    String ratioTo(Figures baseline) {
        return ratioTo(baseline, 50);
    }

    /** {@code 1.23×}: this percentile over the other's. */
    String ratioTo(Figures baseline, int percent) {
        return String.format(
                Locale.ROOT, "%.2f×", percentile(percent) / baseline.percentile(percent));
    }
}
