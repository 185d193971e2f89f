// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds whatever is applied by whomever. */
class ApplyPropertiesTest {
    private static final String NOW = "2026-03-01T10:00:00Z";
    private static final Shape OBJECT = SchemaShape.ofObject(schema(), Shape.FREE);

    private static JsonObject schema() {
        return Trees.object("{'type':'object','properties':{}}")
                .withAt(List.of("properties", "spec"), specSchema());
    }

    private static JsonObject specSchema() {
        return Trees.object(
                "{'type':'object','properties':{"
                        + "'a':{'type':'string'},'b':{'type':'string'},"
                        + "'map':{'type':'object','additionalProperties':{'type':'string'}},"
                        + "'set':{'type':'array','x-kubernetes-list-type':'set',"
                        + "'items':{'type':'string'}},"
                        + "'list':{'type':'array','x-kubernetes-list-type':'map',"
                        + "'x-kubernetes-list-map-keys':['name'],'items':{'type':'object',"
                        + "'properties':{'name':{'type':'string'},'v':{'type':'string'},"
                        + "'w':{'type':'string'}}}}}}");
    }

    /** One writer's wish. */
    record Step(String manager, JsonObject config, boolean force) {}

    @Provide
    Arbitrary<JsonObject> configs() {
        Arbitrary<String> value = Arbitraries.of("1", "2");
        Arbitrary<Map<String, String>> scalars =
                Arbitraries.maps(Arbitraries.of("a", "b"), value).ofMaxSize(2);
        Arbitrary<Map<String, String>> map =
                Arbitraries.maps(Arbitraries.of("x", "y", "z"), value).ofMaxSize(3);
        Arbitrary<Set<String>> set = Arbitraries.of("p", "q", "r").set().ofMaxSize(3);
        Arbitrary<Map<String, Map<String, String>>> list =
                Arbitraries.maps(
                                Arbitraries.of("i", "j", "k"),
                                Arbitraries.maps(Arbitraries.of("v", "w"), value).ofMaxSize(2))
                        .ofMaxSize(3);
        return Combinators.combine(scalars, map, set, list)
                .as(
                        (some, entries, members, items) -> {
                            JsonObject.Builder spec = JsonObject.ofStrings(some).toBuilder();
                            spec.putUnlessEmpty("map", JsonObject.ofStrings(entries));
                            spec.putUnlessEmpty("set", JsonArray.ofStrings(members));
                            List<Json> objects = new ArrayList<>();
                            items.forEach(
                                    (name, rest) ->
                                            objects.add(
                                                    JsonObject.ofStrings(rest).with("name", name)));
                            spec.putUnlessEmpty("list", new JsonArray(objects));
                            return JsonObject.builder()
                                    .put("apiVersion", "t/v1")
                                    .put("kind", "T")
                                    .put("metadata", JsonObject.of("name", "t"))
                                    .putUnlessEmpty("spec", spec.build())
                                    .build();
                        });
    }

    @Provide
    Arbitrary<List<Step>> histories() {
        return Combinators.combine(
                        Arbitraries.of("one", "two", "three"),
                        configs(),
                        Arbitraries.of(true, false))
                .as(Step::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(6);
    }

    private static Ownership ownership() {
        return new Ownership(new Scope(OBJECT, "t/v1", false, ""), NOW);
    }

    private static KubeObject apply(KubeObject before, Step step) {
        Ownership.Applied applied =
                ownership()
                        .apply(
                                before,
                                step.config(),
                                step.manager(),
                                step.force(),
                                UnaryOperator.identity());
        return applied.owned(new KubeObject(applied.object()));
    }

    private static KubeObject created(Step step) {
        return ownership()
                .createdByApply(new KubeObject(step.config()), step.config(), step.manager());
    }

    private static KubeObject play(List<Step> history) {
        KubeObject object = created(history.get(0));
        for (Step step : history.subList(1, history.size())) {
            try {
                object = apply(object, step);
            } catch (ApplyConflict refused) {
                assertThat(step.force()).isFalse();
                assertThat(refused.fields()).isNotEmpty();
            }
        }
        return object;
    }

    private static FieldSet owned(KubeObject object) {
        return ManagedFields.of(object.metadata().array("managedFields")).owned();
    }

    private static FieldSet content(JsonObject object) {
        return new Scope(OBJECT, "t/v1", false, "")
                .ownable(FieldSet.of(object.without("metadata"), OBJECT));
    }

    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void whatIsThereIsOwnedAndWhatIsOwnedIsThere(@ForAll("histories") List<Step> history) {
        KubeObject object = play(history);
        assertThat(owned(object)).isEqualTo(content(object.json()));
    }

    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void anApplierThatInsistsGetsWhatItAsksFor(
            @ForAll("histories") List<Step> history, @ForAll("configs") JsonObject config) {
        KubeObject after = apply(play(history), new Step("one", config, true));
        FieldSet wanted = content(config);
        assertThat(content(after.json()).intersection(wanted)).isEqualTo(wanted);
        Comparison difference = Comparison.between(config, after.json(), OBJECT);
        assertThat(difference.modified().without(FieldSet.of("f:metadata")).isEmpty()).isTrue();
        assertThat(difference.removed().isEmpty()).isTrue();
    }

    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void toApplyAgainChangesNothing(
            @ForAll("histories") List<Step> history, @ForAll("configs") JsonObject config) {
        KubeObject once = apply(play(history), new Step("one", config, true));
        assertThat(apply(once, new Step("one", config, false))).isEqualTo(once);
    }

    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void aRefusalNamesWhatOthersOwnAndToBeTheSameIsNoConflict(
            @ForAll("histories") List<Step> history, @ForAll("configs") JsonObject config) {
        KubeObject before = play(history);
        try {
            KubeObject after = apply(before, new Step("four", config, false));
            FieldSet kept = content(before.json());
            assertThat(content(after.json()).intersection(kept)).isEqualTo(kept);
        } catch (ApplyConflict refused) {
            List<String> owned = owned(before).paths();
            assertThat(refused.fields())
                    .allSatisfy(field -> assertThat(owned).contains(field.path()));
        }
    }

    @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
    void whoAppliesNothingLeavesOnlyWhatOthersOwn(@ForAll("histories") List<Step> history) {
        KubeObject before = play(history);
        FieldSet others =
                ManagedFields.of(before.metadata().array("managedFields"))
                        .without(new Writer("one", true, "t/v1", ""))
                        .owned();
        JsonObject nothing =
                Trees.object("{'apiVersion':'t/v1','kind':'T','metadata':{'name':'t'}}");
        KubeObject after = apply(before, new Step("one", nothing, false));
        assertThat(content(after.json()).difference(others).isEmpty()).isTrue();
    }
}
