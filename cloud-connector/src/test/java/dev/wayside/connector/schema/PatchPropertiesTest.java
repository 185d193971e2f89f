// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for every patch, whatever it says. */
class PatchPropertiesTest {
    private static final List<String> NAMES = List.of("a", "b", "c", "d", "e");
    private final KindDefinition pods = Samples.kind(ResourceType.PODS);

    @Provide
    Arbitrary<List<String>> names() {
        return Arbitraries.of(NAMES).list().uniqueElements().ofMaxSize(5);
    }

    @Provide
    Arbitrary<JsonObject> specs() {
        Arbitrary<List<String>> images = Arbitraries.of("x", "y", "z").list().ofSize(5);
        Arbitrary<Map<String, String>> selector =
                Arbitraries.maps(Arbitraries.of(NAMES), Arbitraries.of("1", "2")).ofMaxSize(4);
        return net.jqwik.api.Combinators.combine(names(), images, selector)
                .as(
                        (names, texts, labels) -> {
                            List<Json> containers = new ArrayList<>();
                            for (int i = 0; i < names.size(); i++) {
                                containers.add(
                                        JsonObject.of("name", names.get(i))
                                                .with("image", texts.get(i)));
                            }
                            return JsonObject.of("containers", new JsonArray(containers))
                                    .with("nodeSelector", JsonObject.ofStrings(labels));
                        });
    }

    private JsonObject merge(JsonObject spec, JsonObject patch) {
        return pods.strategicMerge(JsonObject.of("spec", spec), JsonObject.of("spec", patch))
                .object("spec");
    }

    private static List<String> namesOf(JsonObject spec) {
        return spec.array("containers").objects().stream().map(c -> c.text("name")).toList();
    }

    @Property(tries = 200)
    void theEmptyPatchChangesNothing(@ForAll("specs") JsonObject spec) {
        assertThat(merge(spec, JsonObject.EMPTY)).isEqualTo(spec);
        assertThat(MergePatch.apply(spec, JsonObject.EMPTY)).isEqualTo(spec);
        assertThat(JsonPatch.apply(spec, JsonArray.EMPTY)).isEqualTo(spec);
    }

    @Property(tries = 500)
    void applyingAPatchTwiceIsApplyingItOnce(
            @ForAll("specs") JsonObject spec, @ForAll("specs") JsonObject patch) {
        JsonObject once = merge(spec, patch);
        assertThat(merge(once, patch)).isEqualTo(once);
    }

    @Property(tries = 500)
    void noItemIsLostOrDoubledAndThePatchWins(
            @ForAll("specs") JsonObject spec, @ForAll("specs") JsonObject patch) {
        JsonObject result = merge(spec, patch);
        assertThat(namesOf(result)).doesNotHaveDuplicates();
        List<String> all = new ArrayList<>(namesOf(spec));
        all.addAll(namesOf(patch));
        assertThat(namesOf(result)).hasSameElementsAs(all);
        assertThat(result.array("containers").items())
                .containsAll(patch.array("containers").items());
    }

    @Property(tries = 500)
    void theStatedOrderHoldsAndItemsOfTheServerKeepTheirs(
            @ForAll("specs") JsonObject spec, @ForAll("names") List<String> order) {
        List<Json> stated = new ArrayList<>();
        order.forEach(name -> stated.add(JsonObject.of("name", name)));
        JsonObject result =
                merge(
                        spec,
                        JsonObject.of("$setElementOrder/containers", (Json) new JsonArray(stated)));
        List<String> names = namesOf(result);
        assertThat(names).hasSameElementsAs(namesOf(spec)).hasSameSizeAs(namesOf(spec));
        List<String> ordered = new ArrayList<>(order);
        ordered.retainAll(names);
        assertThat(names.stream().filter(order::contains)).containsExactlyElementsOf(ordered);
        List<String> others = new ArrayList<>(namesOf(spec));
        others.removeAll(order);
        assertThat(names.stream().filter(name -> !order.contains(name)))
                .containsExactlyElementsOf(others);
    }

    @Property(tries = 300)
    void deletingEveryItemByNameLeavesNone(@ForAll("specs") JsonObject spec) {
        List<Json> deletions = new ArrayList<>();
        NAMES.forEach(name -> deletions.add(JsonObject.of("name", name).with("$patch", "delete")));
        JsonObject result =
                merge(spec, JsonObject.of("containers", (Json) new JsonArray(deletions)));
        assertThat(result.array("containers")).isEmpty();
        assertThat(result.object("nodeSelector")).isEqualTo(spec.object("nodeSelector"));
    }

    @Property(tries = 300)
    void onMapsStrategicMergeIsMergePatch(
            @ForAll("specs") JsonObject spec, @ForAll("specs") JsonObject patch) {
        JsonObject maps = patch.without("containers").with("nodeName", JsonNull.INSTANCE);
        assertThat((Json) merge(spec, maps)).isEqualTo(MergePatch.apply(spec, maps));
    }

    @Property(tries = 300)
    void aMergePatchMadeOfTheTargetGivesTheTarget(
            @ForAll("specs") JsonObject from, @ForAll("specs") JsonObject to) {
        JsonObject.Builder labels = JsonObject.builder();
        from.object("nodeSelector")
                .members()
                .keySet()
                .forEach(k -> labels.put(k, JsonNull.INSTANCE));
        labels.putAll(to.object("nodeSelector"));
        assertThat(MergePatch.apply(from, to.with("nodeSelector", labels.build()))).isEqualTo(to);
    }

    @Property(tries = 300)
    void jsonPatchAddsAndRemovesWithoutTrace(
            @ForAll("specs") JsonObject spec, @ForAll("names") List<String> names) {
        List<Json> operations = new ArrayList<>();
        for (String name : names) {
            operations.add(
                    JsonObject.of("op", "add")
                            .with("path", "/containers/0")
                            .with("value", JsonObject.of("name", name)));
        }
        names.forEach(
                name ->
                        operations.add(
                                JsonObject.of("op", "remove").with("path", "/containers/0")));
        assertThat(JsonPatch.apply(spec, new JsonArray(operations))).isEqualTo(spec);
    }
}
