// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Custom objects by their schema: what the markers of lists and maps mean. */
final class OwnershipTest {
    private static final String NOW = "2026-03-01T10:00:00Z";

    private static Shape custom(String spec) {
        return SchemaShape.ofObject(
                Trees.object("{'type':'object','properties':{'spec':" + spec + "}}"), Shape.FREE);
    }

    private static final Shape MARKED =
            custom(
                    "{'type':'object','properties':{"
                            + "'ports':{'type':'array','x-kubernetes-list-type':'map',"
                            + "'x-kubernetes-list-map-keys':['port','protocol'],'items':{"
                            + "'type':'object','properties':{'port':{'type':'integer'},"
                            + "'protocol':{'type':'string','default':'TCP'},"
                            + "'name':{'type':'string'}}}},"
                            + "'tags':{'type':'array','x-kubernetes-list-type':'set',"
                            + "'items':{'type':'string'}},"
                            + "'lines':{'type':'array','items':{'type':'string'}},"
                            + "'whole':{'type':'object','x-kubernetes-map-type':'atomic',"
                            + "'properties':{'a':{'type':'string'},'b':{'type':'string'}}},"
                            + "'free':{'type':'object',"
                            + "'x-kubernetes-preserve-unknown-fields':true}}}");

    private static JsonObject config(String spec) {
        return Trees.object(
                "{'apiVersion':'t/v1','kind':'T','metadata':{'name':'t'},'spec':" + spec + "}");
    }

    private static Ownership ownership(Shape shape) {
        return new Ownership(new Scope(shape, "t/v1", true, ""), NOW);
    }

    private static KubeObject created(Shape shape, String spec) {
        JsonObject config = config(spec);
        return ownership(shape).createdByApply(new KubeObject(config), config, "one");
    }

    private static KubeObject applied(Shape shape, KubeObject before, String by, String spec) {
        Ownership.Applied applied =
                ownership(shape).apply(before, config(spec), by, false, UnaryOperator.identity());
        return applied.owned(new KubeObject(applied.object()));
    }

    private static FieldSet fields(KubeObject object, String manager) {
        return ManagedFields.of(object.metadata().array("managedFields"))
                .of(new Writer(manager, true, "t/v1", ""))
                .map(ManagedEntry::fields)
                .orElse(FieldSet.NONE);
    }

    @Test
    void theMarkersOfASchemaDecideWhatIsOwned() {
        KubeObject object =
                created(
                        MARKED,
                        "{'ports':[{'port':80,'name':'web'}],'tags':['x'],'lines':['l'],"
                                + "'whole':{'a':'1'},'free':{'deep':{'er':1},'list':[{'a':1}]}}");
        assertThat(fields(object, "one").paths())
                .containsExactlyInAnyOrder(
                        ".spec.ports[port=80,protocol=\"TCP\"]",
                        ".spec.ports[port=80,protocol=\"TCP\"].port",
                        ".spec.ports[port=80,protocol=\"TCP\"].name",
                        ".spec.tags[=\"x\"]",
                        ".spec.lines",
                        ".spec.whole",
                        ".spec.free.deep",
                        ".spec.free.deep.er",
                        ".spec.free.list");
    }

    @Test
    void othersMayAddToKeyedListsAndSetsButNotToWholeOnes() {
        KubeObject object =
                created(MARKED, "{'ports':[{'port':80}],'tags':['x'],'whole':{'a':'1'}}");
        KubeObject more =
                applied(
                        MARKED,
                        object,
                        "two",
                        "{'ports':[{'port':80,'protocol':'UDP'}],'tags':['y']}");
        assertThat(more.spec())
                .isEqualTo(
                        Trees.object(
                                "{'ports':[{'port':80},{'port':80,'protocol':'UDP'}],"
                                        + "'tags':['x','y'],'whole':{'a':'1'}}"));
        assertThatThrownBy(() -> applied(MARKED, more, "two", "{'whole':{'b':'2'}}"))
                .isInstanceOf(ApplyConflict.class)
                .hasMessage("Apply failed with 1 conflict: conflict with \"one\": .spec.whole");
        assertThat(applied(MARKED, more, "one", "{'tags':['x']}").spec())
                .isEqualTo(
                        Trees.object("{'ports':[{'port':80,'protocol':'UDP'}],'tags':['x','y']}"));
    }

    @Test
    void withoutASchemaObjectsAreSharedAndListsAreNot() {
        KubeObject object = created(Shape.FREE, "{'a':{'x':1},'list':[1]}");
        assertThat(applied(Shape.FREE, object, "two", "{'a':{'y':2}}").spec())
                .isEqualTo(Trees.object("{'a':{'x':1,'y':2},'list':[1]}"));
        assertThatThrownBy(() -> applied(Shape.FREE, object, "two", "{'list':[1,2]}"))
                .isInstanceOf(ApplyConflict.class)
                .hasMessageContaining(".spec.list");
    }

    @Test
    void toSetSomethingToNothingTakesItFromItsOwner() {
        KubeObject object = created(MARKED, "{'lines':['l'],'tags':['x']}");
        UnaryOperator<JsonObject> withoutNulls =
                json -> new KubeObject(json).withSpec(json.object("spec").without("lines")).json();
        assertThatThrownBy(
                        () ->
                                ownership(MARKED)
                                        .apply(
                                                object,
                                                config("{'lines':null}"),
                                                "two",
                                                false,
                                                withoutNulls))
                .isInstanceOf(ApplyConflict.class)
                .hasMessageContaining(".spec.lines");
    }

    @Test
    void refusesAConfigurationThatNamesAnItemTwiceOrNotAtAll() {
        assertThatThrownBy(() -> created(MARKED, "{'ports':[{'port':1},{'port':1}]}"))
                .hasMessage(".spec.ports: duplicate entries for key [port=1,protocol=\"TCP\"]");
        Shape strict =
                custom(
                        "{'type':'object','properties':{'l':{'type':'array',"
                                + "'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':["
                                + "'name'],'items':{'type':'object','properties':{"
                                + "'name':{'type':'string'}}}}}}");
        assertThatThrownBy(() -> created(strict, "{'l':[{}]}"))
                .hasMessage(".spec.l: an item of the list lacks name");
    }

    @Test
    void anOwnerOfPartOfAnItemDoesNotKeepTheItem() {
        KubeObject object = created(MARKED, "{'ports':[{'port':80,'name':'a'}]}");
        KubeObject renamed =
                ownership(MARKED)
                        .updated(
                                object,
                                object.withSpec(Trees.object("{'ports':[{'port':80,'name':'b'}]}")),
                                "editor");
        assertThat(ManagedFields.of(renamed.metadata().array("managedFields")).entries())
                .extracting(entry -> entry.writer().name())
                .containsExactly("one", "editor");
        KubeObject gone = applied(MARKED, renamed, "one", "{'tags':['x']}");
        assertThat(gone.spec()).isEqualTo(Trees.object("{'tags':['x']}"));
        assertThat(gone.metadata().array("managedFields").size()).isEqualTo(1);
    }

    @Test
    void anUntrackedWriterTakesWhatItChanges() {
        KubeObject object = created(MARKED, "{'lines':['l'],'tags':['x']}");
        KubeObject after =
                ownership(MARKED)
                        .released(
                                object,
                                object.withSpec(object.spec().with("lines", Trees.json("['m']"))));
        assertThat(fields(after, "one").paths()).isEqualTo(List.of(".spec.tags[=\"x\"]"));
        KubeObject same = ownership(MARKED).released(object, object);
        assertThat(same).isEqualTo(object);
    }
}
