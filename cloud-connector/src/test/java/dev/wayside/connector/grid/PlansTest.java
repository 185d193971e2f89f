// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is foretold, in words; and templates that nobody uses. */
final class PlansTest {
    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private void twoSites() {
        world.node("a", Map.of("site", "s1", "zone", "z"));
        world.node("b", Map.of("site", "s2", "zone", "z"));
        world.start();
        world.grid(
                "web",
                "{\"gridUniqKey\":\"site\",\"template\":"
                        + spec("web", "v1", "")
                        + ",\"templatePool\":{\"next\":"
                        + spec("web", "v2", "")
                        + ",\"old\":"
                        + spec("web", "v0", "")
                        + "}}");
        await("up", () -> world.isComplete("web-s1", 1) && world.isComplete("web-s2", 1));
        await(
                "told",
                () ->
                        grid().status().number("observedGeneration").orElse(0)
                                == grid().generation());
    }

    private KubeObject grid() {
        return world.get(ResourceType.DEPLOYMENT_GRIDS, "web");
    }

    private KubeObject node(String name) {
        return world.get(ResourceType.NODES, name);
    }

    private static KubeObject without(KubeObject node, String label) {
        Map<String, String> labels = new TreeMap<>(node.labels());
        labels.remove(label);
        return node.withLabels(labels);
    }

    private static KubeObject annotated(KubeObject grid, String name, String value) {
        Map<String, String> annotations = new TreeMap<>(grid.annotations());
        annotations.put(name, value);
        return grid.withAnnotations(annotations);
    }

    private List<String> grids(KubeObject after) {
        return world.plan(ResourceType.DEPLOYMENT_GRIDS, grid(), after, true);
    }

    @Test
    void aNodeThatIsItsSitesLastNamesTheChildrenThatGo() {
        twoSites();
        KubeObject a = node("a");
        assertThat(world.plan(ResourceType.NODES, a, without(a, "site"), true))
                .containsExactly(
                        "DeploymentGrid default/web: no node would carry site=s1; Deployment web-s1"
                                + " (1 pod) would be deleted after 10m");
        assertThat(world.plan(ResourceType.NODES, a, without(a, "zone"), true)).isEmpty();
        assertThat(world.plan(ResourceType.NODES, a, null, false))
                .containsExactly(
                        "DeploymentGrid default/web: no node will carry site=s1; Deployment web-s1"
                                + " (1 pod) will be deleted after 10m");
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"metadata\":{\"annotations\":{\"wayside.dev/protect-sites\":\"true\"}}}");
        await(
                "protected",
                () ->
                        world.plan(ResourceType.NODES, a, null, true)
                                .equals(
                                        List.of(
                                                "DeploymentGrid default/web: no node would carry"
                                                    + " site=s1; Deployment web-s1 (1 pod) would be"
                                                    + " kept: sites are protected",
                                                "Node a: 1 pod would be deleted with it")));
    }

    @Test
    void aGridsOwnChangesNameWhatGoesAndWhatIsRestarted() {
        twoSites();
        KubeObject grid = grid();
        assertThat(grids(grid.withSpec(grid.spec().with("gridUniqKey", "zone"))))
                .containsExactly(
                        "DeploymentGrid default/web: no node carries zone with the sites s1, s2;"
                                + " Deployment web-s1 (1 pod), Deployment web-s2 (1 pod) would be"
                                + " deleted after 10m");
        KubeObject canary =
                grid.withSpec(grid.spec().with("templates", JsonObject.of("s2", "next")));
        assertThat(grids(canary))
                .containsExactly(
                        "DeploymentGrid default/web: pods would be replaced at 1 site: s2");
        assertThat(world.plan(ResourceType.DEPLOYMENT_GRIDS, grid, canary, false)).isEmpty();
        assertThat(
                        grids(
                                grid.withSpec(
                                        grid.spec()
                                                .with("autoDeleteUnusedTemplate", Json.of(true)))))
                .containsExactly(
                        "DeploymentGrid default/web: spec.templatePool would lose what nothing"
                                + " names: next, old");
        assertThat(grids(annotated(grid, "wayside.dev/site-removal-grace", "soon")))
                .singleElement()
                .asString()
                .contains("is no duration such as 90s");
        assertThat(world.plan(ResourceType.DEPLOYMENT_GRIDS, grid, null, true))
                .containsExactly(
                        "DeploymentGrid default/web: 2 Deployments with 2 pods would be deleted"
                                + " with it: Deployment web-s1 (1 pod), Deployment web-s2 (1 pod)");
        world.label("a", "site", null);
        await("gone", () -> grid().conditionIsTrue("SitesGone"));
        assertThat(grids(annotated(grid(), "wayside.dev/site-removal-grace", "2m")))
                .containsExactly(
                        "DeploymentGrid default/web: sites are gone already; Deployment web-s1 (1"
                                + " pod) would be deleted after 2m");
    }

    @Test
    void aUnitThatGoesNamesItsNodesAndTheSitesThatGoWithIt() {
        world.node("a", Map.of());
        world.start();
        String unit =
                "{\"nodes\":[\"a\"],\"setNode\":{\"taints\":[{\"key\":\"t\",\"effect\":\"NoSchedule\"}]}}";
        cluster(ResourceType.NODE_UNITS, "u1", unit.replace("NoSchedule", "PreferNoSchedule"));
        cluster(ResourceType.NODE_GROUPS, "g", "{\"nodeUnits\":[\"u1\"]}");
        world.grid("web", "{\"gridUniqKey\":\"g\",\"template\":" + spec("web", "v1", "") + "}");
        await("up", () -> world.isComplete("web-u1", 1));
        KubeObject u1 = world.get(ResourceType.NODE_UNITS, "u1");
        String lost =
                "DeploymentGrid default/web: no node would carry g=u1; Deployment web-u1 (1 pod)"
                        + " would be deleted after 10m";
        assertThat(world.plan(ResourceType.NODE_UNITS, u1, null, true))
                .containsExactly(
                        lost,
                        "1 node would lose the label g=u1, the label u1=nodeunits.superedge.io, the"
                                + " taint t:PreferNoSchedule: a");
        assertThat(
                        world.plan(
                                ResourceType.NODE_GROUPS,
                                world.get(ResourceType.NODE_GROUPS, "g"),
                                null,
                                true))
                .containsExactly(lost, "1 node would lose the label g=u1: a");
        assertThat(world.plan(ResourceType.NODES, node("a"), without(node("a"), "g"), true))
                .as("the unit puts it back")
                .isEmpty();
        assertThat(
                        world.plan(
                                ResourceType.NAMESPACES,
                                world.get(ResourceType.NAMESPACES, "default"),
                                null,
                                true))
                .singleElement()
                .asString()
                .startsWith(
                        "Namespace default: 1 Deployment, 1 DeploymentGrid, 1 Pod, 1 ReplicaSet")
                .endsWith("would be deleted with it");
    }

    private void cluster(ResourceType type, String name, String spec) {
        world.store.create(
                type, KubeObject.of(type, "", name).withSpec(World.parse(spec)), World.USER);
    }

    private Set<String> pool() {
        return grid().spec().object("templatePool").members().keySet();
    }

    @Test
    void templatesThatNothingNamesGoOnlyWhereThatIsAskedFor() {
        twoSites();
        assertThat(pool()).containsExactlyInAnyOrder("next", "old");
        AtomicBoolean conflict = new AtomicBoolean(true);
        world.store.beforeWrite(
                (verb, object) -> {
                    boolean lean =
                            object.kind().equals("DeploymentGrid")
                                    && object.spec().has("autoDeleteUnusedTemplate")
                                    && !object.spec().object("templatePool").has("old");
                    if (lean && conflict.getAndSet(false)) {
                        throw new ApiException(Reason.CONFLICT, "somebody was faster");
                    }
                });
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"spec\":{\"autoDeleteUnusedTemplate\":true,\"templates\":{\"s9\":\"next\"}}}");
        await("refused once", () -> !conflict.get());
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"spec\":{\"templates\":{\"s8\":\"next\"}}}");
        await("taken", () -> !pool().contains("old"));
        assertThat(pool()).as("a site that is not there names it").containsExactly("next");
        await("told", () -> world.events().contains("TemplatesDeleted: Deleted from"));
    }

    @Test
    void aTemplateThatASiteIsStillOnStays() {
        twoSites();
        world.store.beforeWrite(
                (verb, object) -> {
                    if (object.name().equals("web-s2") && object.kind().equals("Deployment")) {
                        throw new ApiException(Reason.INTERNAL, "the site is stuck");
                    }
                });
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"spec\":{\"autoDeleteUnusedTemplate\":true,\"defaultTemplateName\":\"next\"}}");
        await("the other one", () -> image("web-s1").equals("v2"));
        await("told", () -> grid().conditionIsTrue("Degraded"));
        assertThat(pool()).containsExactlyInAnyOrder("next", "old");
        assertThat(image("web-s2")).isEqualTo("v1");
    }

    private String image(String child) {
        return world.get(ResourceType.DEPLOYMENTS, child)
                .spec()
                .object("template", "spec")
                .array("containers")
                .objects()
                .get(0)
                .text("image");
    }
}
