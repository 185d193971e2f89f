// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/** The JSON null. A member whose value is null is kept; it differs from an absent member. */
public enum JsonNull implements Json {
    INSTANCE;

    @Override
    public String toString() {
        return "null";
    }
}
