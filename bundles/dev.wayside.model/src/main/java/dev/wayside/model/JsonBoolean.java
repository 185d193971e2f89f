// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/** A JSON boolean. */
public enum JsonBoolean implements Json {
    TRUE,
    FALSE;

    public boolean value() {
        return this == TRUE;
    }

    @Override
    public String toString() {
        return toJson();
    }
}
