// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;

/** Names for objects that give only the beginning of one ({@code generateName}). */
final class GeneratedNames {
    private static final int GENERATED_LENGTH = 5;
    private static final int LONGEST_GENERATED_NAME = 63;

    /** No vowels, so no words; no digits that look like letters. */
    private static final String GENERATED = "bcdfghjklmnpqrstvwxz2456789";

    private GeneratedNames() {}

    static String of(String prefix) {
        int most = LONGEST_GENERATED_NAME - GENERATED_LENGTH;
        StringBuilder name =
                new StringBuilder(prefix.substring(0, Math.min(prefix.length(), most)));
        SplittableRandom random = new SplittableRandom(ThreadLocalRandom.current().nextLong());
        for (int i = 0; i < GENERATED_LENGTH; i++) {
            name.append(GENERATED.charAt(random.nextInt(GENERATED.length())));
        }
        return name.toString();
    }
}
