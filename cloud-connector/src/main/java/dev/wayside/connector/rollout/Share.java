// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonString;
import java.util.Optional;

/** A number, or so many percent of a total; at least 1, so that something can happen. */
record Share(long number, boolean percent) {

    /** {@code 3} or {@code "25%"}; empty if it is neither, which validation does not let pass. */
    static Optional<Share> of(Optional<Json> value) {
        try {
            if (value.orElse(null) instanceof JsonString text && text.value().endsWith("%")) {
                String digits = text.value().substring(0, text.value().length() - 1);
                return Optional.of(new Share(Long.parseLong(digits), true));
            }
            if (value.orElse(null) instanceof JsonNumber number) {
                return Optional.of(new Share(Long.parseLong(number.toJson()), false));
            }
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    long roundedUp(long total) {
        return Math.max(1, percent ? (total * number + 99) / 100 : number);
    }

    long roundedDown(long total) {
        return Math.max(1, percent ? total * number / 100 : number);
    }
}
