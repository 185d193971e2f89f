// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Sets of paths behave as sets do: against plain sets of their printed paths. */
class FieldSetPropertiesTest {
    private static final List<String> STEPS =
            List.of(
                    "f:a",
                    "f:b",
                    "f:x.y/z",
                    "k:{\"name\":\"a\"}",
                    "k:{\"port\":80,\"protocol\":\"TCP\"}",
                    "v:\"s\"",
                    "v:1",
                    "i:0");

    @Provide
    Arbitrary<FieldSet> sets() {
        return Arbitraries.of(STEPS)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3)
                .map(path -> FieldSet.of(path.toArray(String[]::new)))
                .list()
                .ofMaxSize(6)
                .map(paths -> paths.stream().reduce(FieldSet.NONE, FieldSet::union));
    }

    private static Set<String> paths(FieldSet set) {
        return new HashSet<>(set.paths());
    }

    @Property(tries = 500)
    void unionDifferenceAndIntersectionAreThoseOfSets(
            @ForAll("sets") FieldSet one, @ForAll("sets") FieldSet other) {
        Set<String> union = paths(one);
        union.addAll(paths(other));
        Set<String> difference = paths(one);
        difference.removeAll(paths(other));
        Set<String> intersection = paths(one);
        intersection.retainAll(paths(other));
        assertThat(paths(one.union(other))).isEqualTo(union);
        assertThat(paths(one.difference(other))).isEqualTo(difference);
        assertThat(paths(one.intersection(other))).isEqualTo(intersection);
        assertThat(one.union(other)).isEqualTo(other.union(one));
        assertThat(one.difference(other).union(one.intersection(other))).isEqualTo(one);
        assertThat(one.difference(other).intersection(other).isEmpty()).isTrue();
    }

    @Property(tries = 500)
    void withoutTakesWhatIsInsideAsWell(
            @ForAll("sets") FieldSet one, @ForAll("sets") FieldSet other) {
        Set<String> left = paths(one);
        left.removeIf(path -> other.paths().stream().anyMatch(gone -> isInside(path, gone)));
        assertThat(paths(one.without(other))).isEqualTo(left);
    }

    private static boolean isInside(String path, String container) {
        String rest = path.startsWith(container) ? path.substring(container.length()) : "no";
        return rest.isEmpty() || rest.startsWith(".") || rest.startsWith("[");
    }

    @Property(tries = 500)
    void readsWhatItWrites(@ForAll("sets") FieldSet set) {
        assertThat(FieldSet.parse(set.json())).isEqualTo(set);
    }

    @Property(tries = 200)
    void oneStepHasOneText(@ForAll("sets") FieldSet set) {
        Map<String, FieldSet> children = new TreeMap<>(set.children());
        children.keySet().forEach(step -> assertThat(Elements.canonical(step)).isEqualTo(step));
        assertThat(Elements.canonical("k:{\"protocol\":\"TCP\", \"port\": 80.0}"))
                .isEqualTo("k:{\"port\":80,\"protocol\":\"TCP\"}");
    }
}
