// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** NodeUnits, NodeGroups, and what nodes get from them. */
final class SitesTest {
    private static final ResourceType OLD_UNITS =
            new ResourceType("site.superedge.io", "v1alpha1", "NodeUnit", "nodeunits", false);
    private static final ResourceType OLD_GROUPS =
            new ResourceType("site.superedge.io", "v1alpha1", "NodeGroup", "nodegroups", false);

    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private KubeObject make(ResourceType type, String name, String spec) {
        return world.store.create(
                type,
                KubeObject.of(type, "", name).withSpec(World.parse(spec.replace('\'', '"'))),
                World.USER);
    }

    private void unit(String name, String spec) {
        make(ResourceType.NODE_UNITS, name, spec);
    }

    private void patch(ResourceType type, String name, String body) {
        world.patch(type, name, body.replace('\'', '"'));
    }

    private KubeObject node(String name) {
        return world.get(ResourceType.NODES, name);
    }

    private String label(String node, String key) {
        return node(node).labels().getOrDefault(key, "");
    }

    private KubeObject unit(String name) {
        return world.get(ResourceType.NODE_UNITS, name);
    }

    private boolean hasTaint(String node, String key) {
        return node(node).spec().array("taints").objects().stream()
                .anyMatch(taint -> taint.text("key").equals(key));
    }

    private static final String SET =
            "'setNode':{'labels':{'zone':'z1'},'annotations':{'note':'n'},"
                    + "'taints':[{'key':'site','value':'x','effect':'NoSchedule'}]}";

    @Test
    void nodesByNameAndBySelectorGetWhatTheUnitSetsAndLoseItWhenTheyLeave() {
        world.node("a", Map.of());
        world.node("b", Map.of("where", "hall"));
        world.node("c", Map.of("where", "hall", "zone", "z1"));
        world.start();
        unit("plant", "{'nodes':['a'],'selector':{'matchLabels':{'where':'hall'}}," + SET + "}");
        for (String node : new String[] {"a", "b", "c"}) {
            await(
                    "set on " + node,
                    () ->
                            label(node, "plant").equals("nodeunits.superedge.io")
                                    && label(node, "zone").equals("z1")
                                    && "n".equals(node(node).annotations().get("note"))
                                    && hasTaint(node, "site"));
        }
        patch(ResourceType.NODE_UNITS, "plant", "{'spec':{'nodes':[]}}");
        world.label("b", "where", "yard");
        world.label("c", "where", null);
        for (String node : new String[] {"a", "b", "c"}) {
            await(
                    "taken off " + node,
                    () ->
                            !node(node).labels().containsKey("plant")
                                    && !node(node).annotations().containsKey("note")
                                    && !node(node)
                                            .annotations()
                                            .containsKey("wayside.dev/applied-by-sites")
                                    && !hasTaint(node, "site"));
        }
        assertThat(label("a", "zone")).isEmpty();
        assertThat(label("c", "zone")).as("it had that before").isEqualTo("z1");
        assertThat(unit("plant").spec().object("setNode", "labels").strings())
                .as("nothing is written into the user's spec")
                .containsOnlyKeys("zone");
    }

    @Test
    void whatSomebodyChangesOnANodeIsPutRight() {
        world.node("a", Map.of());
        world.start();
        unit("plant", "{'nodes':['a']," + SET + "}");
        await("set", () -> hasTaint("a", "site"));
        patch(
                ResourceType.NODES,
                "a",
                "{'metadata':{'labels':{'zone':'other','plant':null,'mine':'1'}},'spec':{'taints':"
                    + "[{'key':'site','value':'y','effect':'NoSchedule'},{'key':'own','effect':'NoExecute'}]}}");
        await(
                "right again",
                () ->
                        label("a", "zone").equals("z1")
                                && !label("a", "plant").isEmpty()
                                && node("a").spec().array("taints").objects().stream()
                                        .anyMatch(taint -> taint.text("value").equals("x")));
        assertThat(label("a", "mine")).isEqualTo("1");
        assertThat(hasTaint("a", "own")).isTrue();
        world.delete(ResourceType.NODE_UNITS, "plant");
        await("gone", () -> !world.exists(ResourceType.NODE_UNITS, "plant"));
        assertThat(node("a").labels()).containsOnlyKeys("mine");
        assertThat(hasTaint("a", "site")).isFalse();
        assertThat(hasTaint("a", "own")).isTrue();
    }

    @Test
    void theStatusSaysWhichNodesAreReady() {
        world.node("a", Map.of());
        world.node("b", Map.of());
        world.start();
        unit("plant", "{'nodes':['a','b','lost']}");
        await("counted", () -> unit("plant").status().text("readyRate").equals("2/3"));
        assertThat(unit("plant").status().array("readyNodes").strings()).containsExactly("a", "b");
        assertThat(unit("plant").status().array("notReadyNodes").strings()).containsExactly("lost");
        assertThat(unit("plant").condition("NodesFound").orElseThrow().text("message"))
                .isEqualTo("There is no node named lost.");
        KubeObject b = node("b");
        world.store.update(
                ResourceType.NODES,
                b.withStatus(
                                b.status()
                                        .with(
                                                "conditions",
                                                World.parse(
                                                                "{\"x\":[{\"type\":\"Ready\",\"status\":\"False\"}]}")
                                                        .array("x")))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
        await("one less", () -> unit("plant").status().text("readyRate").equals("1/3"));
        world.store.delete(
                ResourceType.NODES,
                ResourceType.NODES.key("", "b"),
                new dev.wayside.connector.store.ObjectStore.DeleteOptions(
                        java.util.OptionalLong.empty(), null, null, null, false));
        await(
                "missing",
                () ->
                        unit("plant").status().array("notReadyNodes").strings().size() == 2
                                && unit("plant")
                                        .condition("NodesFound")
                                        .orElseThrow()
                                        .text("message")
                                        .contains("b, lost"));
    }

    @Test
    void aGroupsUnitsAreTheSitesOfAGrid() {
        world.node("a", Map.of());
        world.node("b", Map.of());
        world.start();
        unit("north", "{'nodes':['a']}");
        unit("south", "{'nodes':['b']}");
        make(ResourceType.NODE_GROUPS, "plants", "{'nodeUnits':['north','south','east']}");
        await(
                "labelled",
                () -> label("a", "plants").equals("north") && label("b", "plants").equals("south"));
        await(
                "the unit, too",
                () -> "nodegroups.superedge.io".equals(unit("north").labels().get("plants")));
        await(
                "counted",
                () ->
                        world.get(ResourceType.NODE_GROUPS, "plants")
                                        .status()
                                        .number("unitNumber")
                                        .orElse(0)
                                == 2);
        assertThat(
                        world.get(ResourceType.NODE_GROUPS, "plants")
                                .condition("UnitsFound")
                                .orElseThrow()
                                .text("message"))
                .isEqualTo("There is no NodeUnit named east.");
        world.grid(
                "web", "{\"gridUniqKey\":\"plants\",\"template\":" + spec("web", "v1", "") + "}");
        await("child", () -> world.isComplete("web-north", 1) && world.isComplete("web-south", 1));
        world.delete(ResourceType.NODE_GROUPS, "plants");
        await("gone", () -> !world.exists(ResourceType.NODE_GROUPS, "plants"));
        await("taken off", () -> label("a", "plants").isEmpty() && label("b", "plants").isEmpty());
        assertThat(unit("north").labels()).doesNotContainKey("plants");
        assertThat(label("a", "north")).isEqualTo("nodeunits.superedge.io");
    }

    @Test
    void unitsAreFoundInNodesAtOnce() {
        world.node("a", Map.of("zone", "z1", "hall", "h1"));
        world.node("b", Map.of("zone", "z1"));
        world.start();
        KubeObject group =
                make(ResourceType.NODE_GROUPS, "halls", "{'autoFindNodeKeys':['zone','hall']}");
        await("found", () -> label("a", "halls").equals("h1-z1"));
        assertThat(unit("h1-z1").owners().get(0).uid()).isEqualTo(group.uid());
        world.label("b", "hall", "h2");
        await("found", () -> label("b", "halls").equals("h2-z1"));
        world.node("c", Map.of("zone", "Z_2", "hall", "h1"));
        await("found, by hash", () -> label("c", "halls").matches("[0-9a-f]{40}"));
        world.node("d", Map.of("zone", "z1", "hall", "h1"));
        await("found", () -> label("d", "halls").equals("h1-z1"));
        await(
                "counted",
                () ->
                        world.get(ResourceType.NODE_GROUPS, "halls")
                                        .status()
                                        .number("unitNumber")
                                        .orElse(0)
                                == 3);
        world.delete(ResourceType.NODE_GROUPS, "halls");
        await("gone", () -> world.names(ResourceType.NODE_UNITS).isEmpty());
        await(
                "taken off",
                () -> node("d").labels().keySet().equals(java.util.Set.of("zone", "hall")));
    }

    @Test
    void theFirstVersionsSpellingIsStoredAsTheSecond() {
        world.node("a", Map.of());
        world.start();
        make(
                OLD_UNITS,
                "plant",
                "{'nodes':['a'],'setnode':{'labels':{'zone':'z1'}},'taints':[{'key':'site','effect':'NoSchedule'}]}");
        make(OLD_GROUPS, "plants", "{'nodeunits':['plant'],'autofindnodekeys':['k']}");
        await(
                "set",
                () ->
                        label("a", "zone").equals("z1")
                                && hasTaint("a", "site")
                                && label("a", "plants").equals("plant"));
        JsonObject stored = unit("plant").spec();
        assertThat(unit("plant").apiVersion()).isEqualTo("site.superedge.io/v1alpha2");
        assertThat(stored.text("setNode", "labels", "zone")).isEqualTo("z1");
        assertThat(stored.has("taints")).isFalse();
        world.patch(
                OLD_UNITS,
                "plant",
                "{\"spec\":{\"setnode\":{\"labels\":{\"zone\":\"z2\"}},\"taints\":[{\"key\":\"site\",\"effect\":\"NoSchedule\"}]}}");
        await("changed", () -> label("a", "zone").equals("z2"));
        assertThat(unit("plant").spec().array("setNode", "taints").size()).isEqualTo(1);
        assertThatThrownBy(() -> make(OLD_UNITS, "bad", "{'setnode':{'labels':{'a b':'c'}}}"))
                .hasMessageContaining("spec.setnode.labels");
        assertThatThrownBy(() -> unit("bad", "{'type':'moon'}")).hasMessageContaining("spec.type");
        assertThatThrownBy(() -> unit("x".repeat(70), "{}")).hasMessageContaining("metadata.name");
    }

    @Test
    void unitsThatDisagreeAreToldAndNoneChangesItsOwnMembers() {
        world.node("a", Map.of("where", "hall"));
        world.start();
        unit("one", "{'nodes':['a'],'setNode':{'labels':{'zone':'z1'}}}");
        await("set", () -> label("a", "zone").equals("z1"));
        unit("two", "{'nodes':['a'],'setNode':{'labels':{'zone':'z2'}}}");
        await("told", () -> world.events().contains("SetNodeConflict: NodeUnit two does not set"));
        assertThat(label("a", "zone")).isEqualTo("z1");
        // Selects nodes without a label, and sets that label.
        unit(
                "three",
                "{'selector':{'matchLabels':{'where':'hall'},'matchExpressions':"
                    + "[{'key':'taken','operator':'DoesNotExist'}]},'setNode':{'labels':{'taken':'1'}}}");
        await("set", () -> label("a", "taken").equals("1"));
        await("counted", () -> unit("three").status().text("readyRate").equals("1/1"));
        unit("four", "{'selector':{'matchLabels':{'taken':'1'}}}");
        unit("five", "{'selector':{}}");
        await("counted", () -> unit("four").status().text("readyRate").equals("0/0"));
        await("counted", () -> unit("five").status().text("readyRate").equals("0/0"));
        world.delete(ResourceType.NODE_UNITS, "one");
        await("its turn", () -> label("a", "zone").equals("z2"));
    }
}
