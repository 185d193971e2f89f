// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.util.Locale;

/** Something that shall not be exceeded. */
record Aim(String what, double most, String unit) {
    /** Says whether it was met, and by how much. */
    String verdict(double got) {
        double over = got - most;
        return String.format(
                Locale.ROOT,
                "  aim: %s ≤ %s%s; got %s%s: %s by %s%s (%.0f %%)",
                what,
                number(most),
                unit,
                number(got),
                unit,
                over <= 0 ? "met" : "MISSED",
                number(Math.abs(over)),
                unit,
                Math.abs(over) / most * 100);
    }

    private static String number(double value) {
        return value >= 1_000
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.2f", value).replaceFirst("\\.?0+$", "");
    }
}
