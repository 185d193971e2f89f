// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The StatefulSetGrid's controller on the embedded store. */
final class StatefulSetGridTest extends SiteGridContract {
    /** As users write them: with the kind, and with a quantity that is not in its normal form. */
    private static final String CLAIM =
            ",\"podManagementPolicy\":\"Parallel\",\"volumeClaimTemplates\":[{\"apiVersion\":\"v1\","
                + "\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"data\"},\"spec\":"
                + "{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1024Mi\"}}}}]";

    StatefulSetGridTest() {
        super(World.Kind.EMBEDDED, GridKind.STATEFUL_SETS);
    }

    private void template(String spec) {
        world.patch(kind.grid(), "web", "{\"spec\":{\"template\":" + spec + "}}");
    }

    private String failure(String site) {
        return state(site).array("conditions").toJson();
    }

    @Test
    void theStateOfASiteIsTheChildsWholeStatus() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", ",\"replicas\":2,\"serviceName\":\"peers\"")));
        await("complete", () -> isComplete("web-site-1", 2));
        await(
                "told",
                () ->
                        state("site-1")
                                        .members()
                                        .entrySet()
                                        .containsAll(
                                                child("web-site-1").status().members().entrySet())
                                && state("site-1").number("availableReplicas").orElse(0) == 2);
        assertThat(state("site-1").text("currentRevision"))
                .isEqualTo(child("web-site-1").status().text("updateRevision"))
                .isNotEmpty();
        assertThat(world.get(ResourceType.PODS, "web-site-1-1").spec().text("hostname"))
                .isEqualTo("web-site-1-1");
    }

    @Test
    void whatAChildCannotBecomeIsToldAndNothingIsDeleted() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", CLAIM)));
        await("children", () -> hasChild("web-site-1") && hasChild("web-site-2"));
        String child = child("web-site-1").uid();
        template(spec("web", "v2", CLAIM));
        await("followed", () -> image("web-site-1").equals("v2"));
        template(spec("web", "v3", CLAIM + ",\"serviceName\":\"other\""));
        await("told", () -> failure("site-1").contains("ImmutableField"));
        assertThat(failure("site-1"))
                .contains("web-site-1 cannot change spec.serviceName once it is there")
                .contains("kubectl delete statefulsets web-site-1 --cascade=orphan")
                .doesNotContain("spec.volumeClaimTemplates");
        assertThat(image("web-site-1")).isEqualTo("v2");
        world.node("c", Map.of("site", "site-3"));
        await("a new site is as asked", () -> hasChild("web-site-3"));
        assertThat(child("web-site-3").spec().text("serviceName")).isEqualTo("other");
        await("degraded", () -> grid().conditionIsTrue("Degraded"));
        assertThat(child("web-site-1").uid()).isEqualTo(child);
        world.delete(kind.child(), "web-site-1", Propagation.ORPHAN);
        await(
                "made anew",
                () -> hasChild("web-site-1") && !child("web-site-1").uid().equals(child));
        await(
                "around its pods",
                () ->
                        world.pods("web-site-1-0")
                                .flatMap(pod -> pod.controller().stream())
                                .anyMatch(owner -> owner.uid().equals(child("web-site-1").uid())));
        template(spec("web", "v3", CLAIM + ",\"serviceName\":null"));
        await(
                "taken back",
                () ->
                        image("web-site-2").equals("v3")
                                && !failure("site-2").contains("SiteFailed"));
        assertThat(failure("site-1")).as("the other way round now").contains("ImmutableField");
    }

    @Test
    void aPlanSaysWhetherClaimsGo() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", CLAIM)));
        await(
                "they stay",
                () ->
                        deleted()
                                .matches(
                                        ".*: StatefulSet web-site-1 \\(. pods?, claims and data"
                                                + " stay\\), StatefulSet web-site-2 \\(. pods?,"
                                                + " claims and data stay\\)]"));
        template(
                spec(
                        "web",
                        "v1",
                        CLAIM
                                + ",\"persistentVolumeClaimRetentionPolicy\":"
                                + "{\"whenDeleted\":\"Delete\"}"));
        await(
                "they go",
                () ->
                        !deleted().contains("stay")
                                && deleted().contains("claims and data go with it), Stateful"));
    }

    private String deleted() {
        return world.plan(kind.grid(), grid(), null, true).toString();
    }

    @Test
    void longNamesAreCutSoThatPodsCanBeHosts() {
        String site = "a-site-with-a-name-that-is-rather-long-for-one-1";
        world.node("a", Map.of("site", site));
        world.start();
        String name = "a-grid-with-a-long-name-too";
        world.create(kind.grid(), name, gridSpec(spec("web", "v1", "")));
        KubeObject grid = world.get(kind.grid(), name);
        String child = kind.childName(grid, site);
        assertThat(child).hasSizeLessThanOrEqualTo(52).startsWith(name + "-a-site");
        await("complete", () -> isComplete(child, 1));
    }
}
