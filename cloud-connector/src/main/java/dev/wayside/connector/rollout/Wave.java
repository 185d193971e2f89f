// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import dev.wayside.model.JsonObject;
import dev.wayside.model.LabelSelector;
import java.util.List;
import java.util.Optional;

/**
 * One wave as it is asked for.
 *
 * @param name for messages; may be empty
 * @param choice which sites it takes
 * @param canary whether it does without no site
 * @param approval whether somebody has to say that it may begin
 * @param concurrent instead of the rollout's own
 */
record Wave(
        String name, Choice choice, boolean canary, boolean approval, Optional<Share> concurrent) {
    static final Wave REST = new Wave("", new Rest(), false, false, Optional.empty());

    /** Which sites. */
    sealed interface Choice {}

    /** In this order. */
    record Named(List<String> sites) implements Choice {}

    record Selected(LabelSelector selector) implements Choice {}

    /** Of all sites, from those that are not taken. */
    record Part(Share share) implements Choice {}

    /** All that no other wave takes. */
    record Rest() implements Choice {}

    static Wave of(JsonObject wave) {
        return new Wave(
                wave.text("name"),
                choice(wave),
                wave.flag("canary"),
                wave.flag("approval"),
                Share.of(wave.get("maxConcurrentSites")));
    }

    private static Choice choice(JsonObject wave) {
        if (wave.has("sites")) {
            return new Named(wave.array("sites").strings());
        }
        if (wave.has("selector")) {
            return new Selected(LabelSelector.of(wave.object("selector")));
        }
        if (wave.has("percent")) {
            return new Part(new Share(wave.number("percent").orElse(1), true));
        }
        return wave.has("count")
                ? new Part(new Share(wave.number("count").orElse(1), false))
                : new Rest();
    }
}
