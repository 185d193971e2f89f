// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/**
 * How much JSON is read before it is refused.
 *
 * @param maxBytes of the whole text
 * @param maxDepth of nesting
 * @param maxValues of values in the whole text
 */
public record JsonLimits(int maxBytes, int maxDepth, int maxValues) {
    /** 3 MiB, as a Kubernetes API server takes; depth 200; a million values. */
    public static final JsonLimits DEFAULT = new JsonLimits(3 * 1024 * 1024, 200, 1_000_000);

    /** For what was bounded when it was taken in, and must not be refused afterwards. */
    static final JsonLimits TRUSTED = new JsonLimits(64 << 20, 1_000, 10_000_000);

    public JsonLimits {
        if (maxBytes < 1 || maxDepth < 1 || maxValues < 1) {
            throw new IllegalArgumentException(
                    "limits must be positive: " + maxBytes + ", " + maxDepth + ", " + maxValues);
        }
    }
}
