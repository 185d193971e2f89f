// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes of grids that go from site to site under a GridRollout. */
final class RolloutTest {
    private static final String HEALTH =
            "'health':{'availableForSeconds':30,'progressDeadlineSeconds':300}";
    private final World world = new World(World.Kind.EMBEDDED);
    private int ticks;

    @AfterEach
    void close() {
        world.close();
    }

    private KubeObject rollout(String name, String spec) {
        return world.store.create(
                ResourceType.GRID_ROLLOUTS,
                KubeObject.of(ResourceType.GRID_ROLLOUTS, "default", name)
                        .withSpec(World.parse(("{" + spec + "}").replace('\'', '"'))),
                World.USER);
    }

    private void grid(String name, String image, String metadata) {
        KubeObject grid =
                KubeObject.of(ResourceType.DEPLOYMENT_GRIDS, "default", name)
                        .withSpec(World.parse(spec(name, image)));
        JsonObject more = World.parse(metadata.replace('\'', '"'));
        grid =
                grid.withLabels(more.object("labels").strings())
                        .withAnnotations(more.object("annotations").strings());
        world.store.create(ResourceType.DEPLOYMENT_GRIDS, grid, World.USER);
    }

    private static String spec(String name, String image) {
        return SiteGridContract.gridSpec(World.spec(name, image, ""));
    }

    private void change(String grid, String image) {
        world.patch(ResourceType.DEPLOYMENT_GRIDS, grid, "{\"spec\":" + spec(grid, image) + "}");
    }

    private void annotate(ResourceType type, String name, String key, String value) {
        world.patch(type, name, "{\"metadata\":{\"annotations\":{\"" + key + "\":" + value + "}}}");
    }

    private void sites(int count) {
        for (int i = 1; i <= count; i++) {
            world.node("n" + i, Map.of("site", "s" + i));
        }
    }

    /** A grid at v1 everywhere, under the rollout {@code careful}. */
    private void running(int sites, String rollout) {
        sites(sites);
        rollout("careful", rollout);
        world.start();
        grid("web", "v1", "{}");
        for (int i = 1; i <= sites; i++) {
            String child = "web-s" + i;
            await(child, () -> world.isComplete(child, 1));
        }
        annotate(ResourceType.DEPLOYMENT_GRIDS, "web", "wayside.dev/rollout", "\"careful\"");
        await("adopted", () -> phase().equals("Idle") && status().array("grids").size() == 1);
    }

    private JsonObject status() {
        return status("careful");
    }

    private JsonObject status(String name) {
        return world.get(ResourceType.GRID_ROLLOUTS, name).status();
    }

    private String phase() {
        return status().text("phase");
    }

    private String message() {
        return status().text("message");
    }

    private List<String> changing() {
        return status().array("sites").objects().stream().map(site -> site.text("name")).toList();
    }

    private String image(String child) {
        return world.store
                .get(ResourceType.DEPLOYMENTS.key("default", child))
                .map(
                        found ->
                                found.spec()
                                        .object("template", "spec")
                                        .array("containers")
                                        .objects()
                                        .get(0)
                                        .text("image"))
                .orElse("");
    }

    private String images(int sites) {
        StringBuilder all = new StringBuilder();
        for (int i = 1; i <= sites; i++) {
            all.append(image("web-s" + i)).append(' ');
        }
        return all.toString().trim();
    }

    private void awaitPhase(String phase) {
        await(phase, () -> phase().equals(phase));
    }

    /** Time passes, and everybody looks. */
    private void pass(int seconds) {
        world.clock.advance(Duration.ofSeconds(seconds));
        annotate(ResourceType.GRID_ROLLOUTS, "careful", "tick", "\"" + ticks++ + "\"");
    }

    private void awaitAvailable(String site) {
        await(
                site + " is available",
                () ->
                        status().array("sites").objects().stream()
                                .anyMatch(
                                        each ->
                                                each.text("name").equals(site)
                                                        && each.text("state").equals("Available")));
    }

    private void bad(String image) {
        world.healthy(
                pod ->
                        !pod.spec().array("containers").objects().get(0).text("image").equals(image)
                                || pod.name().startsWith("web-s1"));
    }

    private Set<String> podUids(String prefix) {
        return world.pods(prefix).map(KubeObject::uid).collect(java.util.stream.Collectors.toSet());
    }

    @Test
    void changesOneSiteAfterTheOtherEachBehindItsGate() {
        running(3, HEALTH);
        Set<Integer> seen = ConcurrentHashMap.newKeySet();
        world.store.observe(
                ResourceType.DEPLOYMENTS,
                (before, after) -> seen.add((int) images(3).chars().filter(c -> c == '2').count()));
        Set<String> last = podUids("web-s3");
        change("web", "v2");
        awaitAvailable("s1");
        assertThat(images(3)).isEqualTo("v2 v1 v1");
        assertThat(message()).isEqualTo("waiting for s1 to stay available for 30 s");
        pass(29);
        world.restart();
        await("still", () -> changing().equals(List.of("s1")));
        pass(2);
        awaitAvailable("s2");
        assertThat(images(3)).isEqualTo("v2 v2 v1");
        assertThat(podUids("web-s3")).isEqualTo(last);
        assertThat(status().number("updatedSites")).hasValue(2);
        pass(31);
        awaitAvailable("s3");
        pass(31);
        awaitPhase("Completed");
        assertThat(images(3)).isEqualTo("v2 v2 v2");
        await(
                "only what is needed is kept",
                () -> world.store.all(ResourceType.CONTROLLER_REVISIONS).size() == 1);
        await(
                "told",
                () ->
                        world.events().contains("RolloutStarted: Run 1 in 1 waves")
                                && world.events().contains("RolloutCompleted:"));
        KubeObject found = world.get(ResourceType.GRID_ROLLOUTS, "careful");
        assertThat(found.conditionIsTrue("Completed")).isTrue();
    }

    @Test
    void rollsBackWhenTheSecondSiteFails() {
        running(3, "'onFailure':'Rollback'," + HEALTH);
        Set<String> third = podUids("web-s3");
        bad("v2");
        change("web", "v2");
        awaitAvailable("s1");
        pass(31);
        await("the second", () -> image("web-s2").equals("v2"));
        assertThat(image("web-s3")).isEqualTo("v1");
        world.restart();
        pass(299);
        assertThat(phase()).isEqualTo("Progressing");
        pass(2);
        awaitPhase("RollingBack");
        assertThat(message())
                .startsWith(
                        "rolling back, since s2: not available after 300 s: 1 of 2 pods are"
                                + " available");
        awaitAvailable("s2");
        assertThat(images(3)).as("the one that failed first").isEqualTo("v2 v1 v1");
        world.restart();
        pass(31);
        awaitAvailable("s1");
        pass(31);
        awaitPhase("RolledBack");
        assertThat(images(3)).isEqualTo("v1 v1 v1");
        assertThat(podUids("web-s3")).isEqualTo(third);
        assertThat(status().text("failure", "site")).isEqualTo("s2");
        // A new site gets what the others have.
        world.node("n4", Map.of("site", "s4"));
        await("s4", () -> image("web-s4").equals("v1"));
        assertThat(phase()).isEqualTo("RolledBack");
    }

    @Test
    void timeInWhichNobodyWatchedIsNoFailure() {
        running(2, "'order':[{'sites':['s2']}],'onFailure':'Rollback'," + HEALTH);
        bad("v2");
        change("web", "v2");
        await("begun", () -> changing().equals(List.of("s2")) && image("web-s2").equals("v2"));
        JsonObject begun = status().array("sites").objects().get(0);
        world.stop();
        world.clock.advance(Duration.ofHours(1));
        world.start();
        pass(299);
        await(
                "looked at",
                () ->
                        !status().array("sites")
                                .objects()
                                .get(0)
                                .without("since")
                                .equals(begun.without("since")));
        assertThat(phase()).isEqualTo("Progressing");
        pass(2);
        awaitPhase("RollingBack");
    }

    @Test
    void aGridThatIsMadeAnewAroundItsChildrenCanGoBack() {
        running(2, "'onFailure':'Rollback'," + HEALTH);
        Set<String> pods = podUids("web-");
        world.delete(ResourceType.DEPLOYMENT_GRIDS, "web", Propagation.ORPHAN);
        await(
                "left alone",
                () ->
                        world.store
                                        .get(ResourceType.DEPLOYMENT_GRIDS.key("default", "web"))
                                        .isEmpty()
                                && world.get(ResourceType.DEPLOYMENTS, "web-s2")
                                        .controller()
                                        .isEmpty());
        grid("web", "v1", "{'annotations':{'wayside.dev/rollout':'careful'}}");
        String uid = world.get(ResourceType.DEPLOYMENT_GRIDS, "web").uid();
        await(
                "taken in",
                () -> {
                    pass(31);
                    return status().array("grids").toJson().contains(uid)
                            && List.of("Idle", "Completed").contains(phase());
                });
        assertThat(podUids("web-")).isEqualTo(pods);
        world.healthy(
                pod -> !pod.spec().array("containers").objects().get(0).text("image").equals("v2"));
        change("web", "v2");
        await("begun", () -> image("web-s1").equals("v2"));
        pass(301);
        await("back", () -> image("web-s1").equals("v1"));
    }

    @Test
    void pausesAtAPodThatRestartsAndGoesOnWithTheNextTemplate() {
        running(2, HEALTH);
        change("web", "v2");
        awaitAvailable("s1");
        KubeObject pod =
                world.pods("web-s1")
                        .filter(each -> each.json().toJson().contains("\"v2\""))
                        .findFirst()
                        .orElseThrow();
        restarted(pod, 3);
        awaitPhase("Paused");
        assertThat(message())
                .isEqualTo("stopped, since s1: pod " + pod.name() + " restarted 3 times");
        pass(10_000);
        world.restart();
        assertThat(images(2)).isEqualTo("v2 v1");
        String retry = "\"" + status().number("run").orElseThrow() + "\"";
        annotate(ResourceType.GRID_ROLLOUTS, "careful", "wayside.dev/retry", retry);
        awaitPhase("Progressing");
        restarted(pod, 4);
        awaitPhase("Paused");
        change("web", "v3");
        await("superseded", () -> images(2).equals("v3 v1"));
        await("available", () -> message().equals("waiting for s1 to stay available for 30 s"));
        pass(31);
        awaitAvailable("s2");
        pass(31);
        awaitPhase("Completed");
    }

    private void restarted(KubeObject pod, int times) {
        KubeObject now = world.get(ResourceType.PODS, pod.name());
        world.store.update(
                ResourceType.PODS,
                now.withStatus(
                                now.status()
                                        .with(
                                                "containerStatuses",
                                                JsonArray.of(
                                                        JsonObject.of("name", "c")
                                                                .with("restartCount", times))))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
    }

    @Test
    void waitsForApprovalOfJustThisRun() {
        running(
                3,
                "'order':[{'name':'rest','approval':true,'maxConcurrentSites':'100%'},"
                        + "{'name':'first','sites':['s2'],'canary':true}],"
                        + HEALTH);
        annotate(ResourceType.GRID_ROLLOUTS, "careful", "wayside.dev/approved", "\"0-2\"");
        change("web", "v2");
        awaitAvailable("s2");
        assertThat(status().text("waveName")).isEqualTo("first");
        pass(31);
        awaitPhase("WaitingForApproval");
        assertThat(images(3)).isEqualTo("v1 v2 v1");
        assertThat(message())
                .isEqualTo(
                        "wave 2 of 2 (rest): waiting for approval; to approve: kubectl annotate"
                                + " gridrollout careful -n default wayside.dev/approved=1-2"
                                + " --overwrite");
        world.restart();
        pass(5);
        assertThat(phase()).isEqualTo("WaitingForApproval");
        annotate(
                ResourceType.GRID_ROLLOUTS,
                "careful",
                "wayside.dev/approved",
                "\"" + status().text("approval") + "\"");
        awaitAvailable("s1");
        awaitAvailable("s3");
        pass(31);
        awaitPhase("Completed");
    }

    @Test
    void anotherTemplateHalfWayBeginsAnewAndRollbackGoesToWhatCompleted() {
        running(3, "'onFailure':'Rollback'," + HEALTH);
        change("web", "v2");
        awaitAvailable("s1");
        pass(31);
        awaitAvailable("s2");
        world.healthy(pod -> !pod.json().toJson().contains("\"v3\""));
        change("web", "v3");
        await("three revisions", () -> images(3).equals("v3 v2 v1"));
        assertThat(changing()).containsExactly("s1");
        // A site that comes now gets what completed last.
        world.node("n4", Map.of("site", "s4"));
        await("s4", () -> image("web-s4").equals("v1"));
        world.restart();
        pass(301);
        awaitPhase("RollingBack");
        awaitAvailable("s1");
        pass(31);
        awaitAvailable("s2");
        assertThat(images(4)).isEqualTo("v1 v1 v1 v1");
        pass(31);
        awaitPhase("RolledBack");
    }

    @Test
    void endsAtItsDeadline() {
        running(2, "'deadlineSeconds':600,'paused':true," + HEALTH);
        change("web", "v2");
        awaitPhase("Paused");
        assertThat(message()).isEqualTo("paused by spec.paused");
        pass(601);
        await("deadline", () -> status().text("failure", "reason").equals("DeadlineExceeded"));
        world.patch(ResourceType.GRID_ROLLOUTS, "careful", "{\"spec\":{\"paused\":false}}");
        pass(1);
        world.restart();
        assertThat(images(2)).isEqualTo("v1 v1");
        assertThat(message()).isEqualTo("stopped, since not done within 600 s");
    }

    @Test
    void aSiteThatIsAwayIsLeftForLater() {
        running(3, "'order':[{'count':2}]," + HEALTH);
        silent("n1", "Unknown");
        change("web", "v2");
        awaitAvailable("s2");
        pass(31);
        awaitAvailable("s3");
        pass(31);
        awaitPhase("Completed");
        assertThat(message())
                .isEqualTo("every site that can be heard has what is asked; it waits for s1");
        await("it takes it when it is back", () -> images(3).equals("v2 v2 v2"));
    }

    private void silent(String node, String ready) {
        KubeObject now = world.get(ResourceType.NODES, node);
        world.store.update(
                ResourceType.NODES,
                now.withStatus(
                                now.status()
                                        .with(
                                                "conditions",
                                                JsonArray.of(
                                                        JsonObject.of("type", "Ready")
                                                                .with("status", ready))))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
    }

    @Test
    void twoRolloutsOfOneGridAreToldAndNothingChanges() {
        sites(2);
        rollout("careful", HEALTH);
        rollout("hasty", "'selector':{'matchLabels':{'app':'web'}}");
        world.start();
        grid(
                "web",
                "v1",
                "{'labels':{'app':'web'},'annotations':{'wayside.dev/rollout':'careful'}}");
        await("told", () -> status().text("message").contains("claimed by the GridRollouts"));
        await("in both", () -> status("hasty").text("message").contains("careful, hasty"));
        assertThat(world.names(ResourceType.DEPLOYMENTS)).isEmpty();
        world.delete(ResourceType.GRID_ROLLOUTS, "hasty");
        awaitAvailable("s1");
        assertThat(images(2)).isEqualTo("v1");
        pass(31);
        awaitAvailable("s2");
        pass(31);
        awaitPhase("Completed");
    }

    @Test
    void aGridThatChangesAsItComesUnderARolloutCanGoBackToo() {
        sites(2);
        world.start();
        grid("web", "v1", "{}");
        await("v1", () -> world.isComplete("web-s1", 1) && world.isComplete("web-s2", 1));
        Set<String> pods = podUids("web-");
        rollout("careful", "'onFailure':'Rollback'," + HEALTH);
        world.healthy(pod -> !pod.json().toJson().contains("\"v2\""));
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"metadata\":{\"annotations\":{\"wayside.dev/rollout\":\"careful\"}},\"spec\":"
                        + spec("web", "v2")
                        + "}");
        await("begun", () -> images(2).equals("v2 v1"));
        pass(301);
        awaitPhase("RollingBack");
        awaitAvailable("s1");
        pass(31);
        awaitPhase("RolledBack");
        assertThat(images(2)).isEqualTo("v1 v1");
        await("the old pods alone", () -> podUids("web-").equals(pods));
        // Without the rollout it is a grid like any other.
        annotate(ResourceType.DEPLOYMENT_GRIDS, "web", "wayside.dev/rollout", "null");
        await("at once", () -> images(2).equals("v2 v2"));
        assertThat(world.get(ResourceType.DEPLOYMENTS, "web-s1").annotations().keySet())
                .noneMatch(key -> key.startsWith("wayside.dev/rollout"));
    }

    @Test
    void aCanaryTemplateOfOneSiteConcernsThatSiteAlone() {
        running(3, HEALTH);
        Set<String> others = podUids("web-s1");
        others.addAll(podUids("web-s3"));
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"spec\":{\"templatePool\":{\"next\":"
                        + World.spec("web", "v2", "")
                        + "},\"templates\":{\"s2\":\"next\"}}}");
        awaitAvailable("s2");
        assertThat(status().number("updatedSites")).hasValue(3);
        pass(31);
        awaitPhase("Completed");
        assertThat(images(3)).isEqualTo("v1 v2 v1");
        assertThat(podUids("web-")).containsAll(others);
    }

    @Test
    void aGridThatNamesNoRolloutThatIsThereWaitsForIt() {
        sites(1);
        world.start();
        grid("web", "v1", "{'annotations':{'wayside.dev/rollout':'careful'}}");
        await(
                "looked at",
                () ->
                        world.get(ResourceType.DEPLOYMENT_GRIDS, "web")
                                        .status()
                                        .number("observedGeneration")
                                        .orElse(0)
                                == 1);
        assertThat(world.names(ResourceType.DEPLOYMENTS)).isEmpty();
        await("told", () -> held().equals("True RolloutMissing"));
        assertThat(heldMessage()).contains("GridRollout careful").contains("wayside.dev/rollout");
        rollout("careful", HEALTH);
        awaitAvailable("s1");
        await("told of its end", () -> held().equals("False AsExpected"));
    }

    @Test
    void aGridSaysWhichConflictOfRolloutsHoldsIt() {
        running(1, HEALTH);
        assertThat(held()).isEmpty();
        rollout("hasty", "'selector':{'matchLabels':{'app':'web'}}");
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"metadata\":{\"labels\":{\"app\":\"web\"}}}");
        await("two claim it", () -> held().equals("True RolloutConflict"));
        assertThat(heldMessage()).contains("careful, hasty");
        world.delete(ResourceType.GRID_ROLLOUTS, "hasty");
        await("one is left", () -> held().equals("False AsExpected"));
        world.store.create(
                ResourceType.DEPLOYMENT_GRIDS,
                KubeObject.of(ResourceType.DEPLOYMENT_GRIDS, "default", "other")
                        .withAnnotations(Map.of("wayside.dev/rollout", "careful"))
                        .withSpec(World.parse(spec("other", "v1")).with("gridUniqKey", "zone")),
                World.USER);
        await("other labels", () -> held().equals("True RolloutConflict"));
        assertThat(heldMessage()).contains("site, zone");
        world.delete(ResourceType.DEPLOYMENT_GRIDS, "other");
        await("the same labels", () -> held().equals("False AsExpected"));
    }

    @Test
    void whatLetsAGridGoNamesTheSitesThatChangeAtOnce() {
        running(3, "'selector':{'matchLabels':{'app':'web'}}," + HEALTH);
        world.patch(
                ResourceType.DEPLOYMENT_GRIDS,
                "web",
                "{\"metadata\":{\"labels\":{\"app\":\"web\"}}}");
        await("seen", () -> world.isSeen(ResourceType.DEPLOYMENT_GRIDS));
        KubeObject careful = world.get(ResourceType.GRID_ROLLOUTS, "careful");
        assertThat(world.plan(ResourceType.GRID_ROLLOUTS, careful, null, true))
                .containsExactly(
                        "DeploymentGrid default/web names it: until there is a GridRollout careful"
                                + " again, nothing would change at its sites");
        annotate(ResourceType.DEPLOYMENT_GRIDS, "web", "wayside.dev/rollout", "null");
        await("seen", () -> world.isSeen(ResourceType.DEPLOYMENT_GRIDS));
        assertThat(world.plan(ResourceType.GRID_ROLLOUTS, careful, null, true))
                .containsExactly(
                        "DeploymentGrid default/web: no GridRollout would claim it; a further"
                                + " change would go to all sites at once");
        assertThat(heldSites()).isEqualTo("[]");
        change("web", "v2");
        awaitAvailable("s1");
        await("the grid says who waits", () -> heldSites().equals("[\"s2\",\"s3\"]"));
        String atOnce =
                "DeploymentGrid default/web: no GridRollout will claim it; what was held back will"
                        + " go to 2 sites at once: s2, s3";
        careful = world.get(ResourceType.GRID_ROLLOUTS, "careful");
        assertThat(world.plan(ResourceType.GRID_ROLLOUTS, careful, null, false))
                .containsExactly(atOnce);
        JsonObject other = World.parse("{\"matchLabels\":{\"app\":\"other\"}}");
        assertThat(
                        world.plan(
                                ResourceType.GRID_ROLLOUTS,
                                careful,
                                careful.withSpec(careful.spec().with("selector", other)),
                                false))
                .containsExactly(atOnce);
        assertThat(world.plan(ResourceType.GRID_ROLLOUTS, careful, careful, false)).isEmpty();
        KubeObject web = world.get(ResourceType.DEPLOYMENT_GRIDS, "web");
        assertThat(
                        world.plan(
                                ResourceType.DEPLOYMENT_GRIDS,
                                web,
                                web.withLabels(Map.of("app", "x")),
                                false))
                .containsExactly(atOnce);
    }

    private String heldSites() {
        return world.get(ResourceType.DEPLOYMENT_GRIDS, "web").status().array("heldSites").toJson();
    }

    private JsonObject heldCondition() {
        return Conditions.find(
                        world.get(ResourceType.DEPLOYMENT_GRIDS, "web")
                                .status()
                                .array("conditions"),
                        "Held")
                .orElse(JsonObject.EMPTY);
    }

    private String held() {
        return (heldCondition().text("status") + " " + heldCondition().text("reason")).strip();
    }

    private String heldMessage() {
        return heldCondition().text("message");
    }

    @Test
    void takesNoMoreSitesThanMayBeUnavailable() {
        running(4, "'maxConcurrentSites':'100%','maxUnavailableSites':2," + HEALTH);
        world.healthy(pod -> !pod.name().startsWith("web-s4"));
        await(
                "s4 is down",
                () -> !world.get(ResourceType.DEPLOYMENTS, "web-s4").conditionIsTrue("Available"));
        change("web", "v2");
        await("two", () -> changing().size() == 2);
        assertThat(changing())
                .as("one more, and the one that is down anyway")
                .containsExactly("s1", "s4");
        assertThat(message()).contains("fewer unavailable sites: 2 of 2 that may be (s1, s4)");
        world.healthy(pod -> true);
        awaitAvailable("s1");
        awaitAvailable("s4");
        pass(31);
        await("the others", () -> changing().equals(List.of("s2", "s3")));
    }
}
