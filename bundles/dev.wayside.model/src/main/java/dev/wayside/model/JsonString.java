// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/** A JSON string. */
public record JsonString(String value) implements Json {
    @Override
    public String toString() {
        return toJson();
    }
}
