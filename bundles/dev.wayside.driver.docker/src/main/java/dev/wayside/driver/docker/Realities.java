// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What exists on the engine, read afresh each time: the engine alone knows. */
final class Realities {
    private static final Comparator<JsonObject> OLDEST_FIRST =
            Comparator.comparing((JsonObject inspected) -> time(inspected.text("Created")))
                    .thenComparing(Realities::attempt)
                    .thenComparing(inspected -> inspected.text("Name"));

    private final DockerApi api;
    private final Labels labels;

    Realities(DockerApi api, Labels labels) {
        this.api = api;
        this.labels = labels;
    }

    /** All of this gateway's pods. */
    List<PodReality> all() throws DriverException {
        return pods(list());
    }

    Optional<PodReality> of(String podUid) throws DriverException {
        return pods(list(Labels.POD + "=" + podUid)).stream().findFirst();
    }

    /** Ids of everything of a pod, the infra container last. */
    List<String> idsOf(String podUid) throws DriverException {
        List<String> ids = new ArrayList<>();
        List<String> infra = new ArrayList<>();
        for (JsonObject listed : list(Labels.POD + "=" + podUid)) {
            (isInfra(listed.object("Labels")) ? infra : ids).add(listed.text("Id"));
        }
        ids.addAll(infra);
        return ids;
    }

    /** One container, if it is there and of this gateway's pod; by id or name. */
    Optional<JsonObject> inspect(String podUid, String idOrName) throws DriverException {
        return inspectAny(idOrName)
                .filter(it -> labels.match(it.object("Config", "Labels"), podUid));
    }

    /** One container, whoever's it is. */
    Optional<JsonObject> inspectAny(String idOrName) throws DriverException {
        DockerApi.Reply reply = api.get("/containers/" + idOrName + "/json");
        if (reply.status() == 404) {
            return Optional.empty();
        }
        if (!reply.good()) {
            throw DockerApi.unexpected("inspecting a container", reply);
        }
        return Optional.of(reply.object());
    }

    private List<JsonObject> list(String... filter) throws DriverException {
        DockerApi.Reply reply =
                api.get("/containers/json?all=true&filters=" + labels.filter(filter));
        if (!reply.good()) {
            throw DockerApi.unexpected("listing containers", reply);
        }
        return reply.body() instanceof dev.wayside.model.JsonArray array
                ? array.objects()
                : List.of();
    }

    private List<PodReality> pods(List<JsonObject> listed) throws DriverException {
        Map<String, List<JsonObject>> byPod = new LinkedHashMap<>();
        for (JsonObject each : listed) {
            // The list tells neither exit codes nor times.
            Optional<JsonObject> inspected = inspectAny(each.text("Id"));
            if (inspected.isPresent()
                    && !inspected.get().text("State", "Status").equals("removing")) {
                byPod.computeIfAbsent(
                                inspected.get().text("Config", "Labels", Labels.POD),
                                uid -> new ArrayList<>())
                        .add(inspected.get());
            }
        }
        List<PodReality> pods = new ArrayList<>();
        byPod.forEach((uid, inspected) -> pods.add(pod(uid, inspected)));
        return pods;
    }

    private static PodReality pod(String uid, List<JsonObject> inspected) {
        JsonObject any = inspected.get(0).object("Config", "Labels");
        boolean running = false;
        String sandboxId = "";
        String ip = "";
        List<PodReality.Container> containers = new ArrayList<>();
        for (JsonObject each : inspected.stream().sorted(OLDEST_FIRST).toList()) {
            if (isInfra(each.object("Config", "Labels"))) {
                running = running(each);
                sandboxId = each.text("Id");
                ip = ip(each);
            } else {
                containers.add(container(each));
            }
        }
        return new PodReality(
                uid,
                any.text(Labels.POD_NAMESPACE),
                any.text(Labels.POD_NAME),
                running,
                sandboxId,
                ip,
                containers);
    }

    static boolean running(JsonObject inspected) {
        return state(inspected) == PodReality.State.RUNNING;
    }

    static PodReality.State state(JsonObject inspected) {
        return switch (inspected.text("State", "Status")) {
            case "created" -> PodReality.State.CREATED;
            case "exited", "dead", "removing" -> PodReality.State.EXITED;
            default -> PodReality.State.RUNNING; // running, paused, restarting
        };
    }

    static PodReality.Container container(JsonObject inspected) {
        PodReality.State state = state(inspected);
        JsonObject labels = inspected.object("Config", "Labels");
        boolean exited = state == PodReality.State.EXITED;
        int code = exited ? (int) inspected.number("State", "ExitCode").orElse(137) : 0;
        Instant started = instant(inspected.text("State", "StartedAt"));
        Instant finished = exited ? instant(inspected.text("State", "FinishedAt")) : null;
        if (exited && (finished == null || (started != null && finished.isBefore(started)))) {
            // The engine died with it; or it ended before the engine had noted its start.
            finished = started;
        }
        String reason = "";
        if (exited) {
            reason =
                    code == 0
                            ? "Completed"
                            : inspected.flag("State", "OOMKilled") ? "OOMKilled" : "Error";
        }
        return new PodReality.Container(
                ContainerNames.SCHEME + inspected.text("Id"),
                labels.text(Labels.CONTAINER_NAME),
                attempt(inspected),
                labels.text(Labels.SPEC_HASH),
                inspected.text("Config", "Image"),
                inspected.text("Image"),
                state,
                state == PodReality.State.CREATED ? null : started,
                finished,
                code,
                reason);
    }

    private static int attempt(JsonObject inspected) {
        try {
            return Integer.parseInt(inspected.text("Config", "Labels", Labels.ATTEMPT));
        } catch (NumberFormatException none) {
            return 0;
        }
    }

    private static boolean isInfra(JsonObject labels) {
        return labels.text(Labels.CONTAINER_NAME).equals(Labels.INFRA);
    }

    private static String ip(JsonObject infra) {
        return infra.object("NetworkSettings", "Networks").members().values().stream()
                .map(network -> network instanceof JsonObject it ? it.text("IPAddress") : "")
                .filter(address -> !address.isEmpty())
                .findFirst()
                .orElse("");
    }

    private static Instant time(String text) {
        Instant instant = instant(text);
        return instant == null ? Instant.EPOCH : instant;
    }

    /** Null for Docker's {@code 0001-01-01T00:00:00Z}, which means never. */
    private static @Nullable Instant instant(String text) {
        try {
            Instant instant = Instant.parse(text);
            return instant.isBefore(Instant.EPOCH) ? null : instant;
        } catch (DateTimeException none) {
            return null;
        }
    }
}
