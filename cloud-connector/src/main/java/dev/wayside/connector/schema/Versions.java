// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The order of API versions: v2, v1, v2beta1, v1beta2, v1alpha1, then others by name. */
final class Versions {
    private static final Pattern FORM =
            Pattern.compile("v([1-9][0-9]{0,8})((alpha|beta)([1-9][0-9]{0,8}))?");

    /** The best first. */
    static final Comparator<String> ORDER =
            Comparator.comparingInt(Versions::stability)
                    .thenComparingInt(Versions::major)
                    .thenComparingInt(Versions::minor)
                    .reversed()
                    .thenComparing(Comparator.naturalOrder());

    private Versions() {}

    private static int stability(String version) {
        Matcher form = FORM.matcher(version);
        if (!form.matches()) {
            return 0;
        }
        return form.group(3) == null ? 3 : form.group(3).equals("beta") ? 2 : 1;
    }

    private static int major(String version) {
        Matcher form = FORM.matcher(version);
        return form.matches() ? Integer.parseInt(form.group(1)) : 0;
    }

    private static int minor(String version) {
        Matcher form = FORM.matcher(version);
        return form.matches() && form.group(4) != null ? Integer.parseInt(form.group(4)) : 0;
    }
}
