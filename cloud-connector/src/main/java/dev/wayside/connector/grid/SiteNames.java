// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.Names;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The names of a grid's children. A site whose value is a DNS label keeps it: {@code
 * <grid>-<value>}. Any other label value ({@code Site_1}, {@code a.b}, {@code ""}) becomes a slug:
 * lower case, every other character a hyphen, and the first 8 hex digits of the value's SHA-256, so
 * that {@code Site_1} and {@code site-1} stay two sites. Too long names are cut the same way.
 */
final class SiteNames {
    /** Room for what ReplicaSets and Pods append ({@code -<hash>-<random>}). */
    static final int LONGEST = 230;

    private static final int LONGEST_LABEL = 63;
    private static final int HASH_CHARS = 8;

    private SiteNames() {}

    static String child(String grid, String site) {
        return child(grid, site, LONGEST);
    }

    static String child(String grid, String site, int longest) {
        String name = grid + "-" + (Names.isDnsLabel(site) ? site : slug(site, LONGEST_LABEL));
        return name.length() <= longest ? name : slug(name, longest);
    }

    /** The grid's name as a label's value. */
    static String label(String grid) {
        return Names.isLabelValue(grid) ? grid : slug(grid, LONGEST_LABEL);
    }

    /** A label key as a label's value: a prefix with a slash does not fit one. */
    static String keyLabel(String key) {
        return Names.isLabelValue(key) ? key : slug(key, LONGEST_LABEL);
    }

    private static String slug(String value, int longest) {
        String plain =
                value.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-+", "");
        String cut = plain.substring(0, Math.min(plain.length(), longest - HASH_CHARS - 1));
        String trimmed = cut.replaceAll("-+$", "");
        return trimmed.isEmpty() ? hash(value) : trimmed + "-" + hash(value);
    }

    private static String hash(String value) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(value.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, HASH_CHARS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
