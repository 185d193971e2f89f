// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import java.util.Comparator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One entry of {@code containerStatuses}. Pure. */
final class ContainerStatus {
    private static final JsonObject UNKNOWN =
            JsonObject.builder()
                    .put("exitCode", 137)
                    .put("reason", "ContainerStatusUnknown")
                    .put("message", "The container was removed by somebody else")
                    .build();

    private final PodFacts facts;
    private final String name;
    private final String image;
    private final JsonObject last;
    private final JsonObject spec;
    private final boolean init;
    private final StatusView.@Nullable Waiting waiting;

    private final String creating;

    /**
     * @param init whether having ended well is as good as being ready
     * @param creating why it does not run if nobody says so
     */
    ContainerStatus(
            PodFacts facts,
            JsonObject container,
            boolean init,
            String creating,
            StatusView.@Nullable Waiting waiting) {
        this.facts = facts;
        this.spec = container;
        this.init = init;
        this.creating = creating;
        this.name = container.text("name");
        this.image = container.text("image");
        this.last = facts.lastStatusOf(name);
        this.waiting = waiting;
    }

    JsonObject json() {
        Optional<PodReality.Container> newest = facts.newest(name);
        return newest.isPresent() ? existing(newest.get()) : absent();
    }

    private JsonObject absent() {
        JsonObject.Builder status =
                StatusView.base(
                        name, image, last.text("imageID"), last.number("restartCount").orElse(0));
        Optional<JsonObject> end = lastEnd();
        if (waiting != null || end.isEmpty()) {
            StatusView.Waiting why =
                    waiting != null ? waiting : new StatusView.Waiting(creating, "");
            status.put("state", StatusView.waitingState(why)).put("lastState", terminated(end));
        } else {
            status.put("state", terminated(end)).put("lastState", last.object("lastState"));
        }
        boolean done =
                init
                        && waiting == null
                        && end.flatMap(it -> it.get("exitCode"))
                                .filter(Json.of(0)::equals)
                                .isPresent();
        return status.put("ready", done)
                .put("started", false)
                .putUnlessEmpty("containerID", last.text("containerID"))
                .build();
    }

    /** How the container ended that was reported last and exists no more. */
    private Optional<JsonObject> lastEnd() {
        if (last.text("containerID").isEmpty()) {
            return Optional.empty();
        }
        JsonObject state = last.object("state");
        if (state.has("terminated")) {
            return Optional.of(state.object("terminated"));
        }
        if (state.has("waiting") && last.object("lastState").has("terminated")) {
            return Optional.of(last.object("lastState", "terminated"));
        }
        return Optional.of(UNKNOWN);
    }

    private JsonObject existing(PodReality.Container container) {
        JsonObject.Builder status =
                StatusView.base(name, container.image(), container.imageId(), container.attempt());
        ContainerHealth health = ContainerHealth.of(facts, spec, container);
        boolean done =
                init
                        && waiting == null
                        && container.state() == PodReality.State.EXITED
                        && container.exitCode() == 0;
        JsonObject previous = terminated(previousEnd(container));
        switch (container.state()) {
            case RUNNING -> {
                JsonObject.Builder state = JsonObject.builder();
                if (container.started() != null) {
                    state.put("startedAt", StatusView.time(container.started()));
                }
                status.put("state", JsonObject.of("running", state.build()))
                        .put("lastState", previous);
            }
            case CREATED -> status.put("state", waitingState()).put("lastState", previous);
            case EXITED -> {
                JsonObject end = JsonObject.of("terminated", end(container));
                if (waiting != null) {
                    status.put("state", waitingState()).put("lastState", end);
                } else {
                    status.put("state", end).put("lastState", previous);
                }
            }
        }
        // An init container that runs is ready for nothing.
        return status.put("ready", done || (!init && health.ready()))
                .put("started", health.started())
                .put("containerID", container.id())
                .build();
    }

    private JsonObject waitingState() {
        return StatusView.waitingState(
                waiting != null ? waiting : new StatusView.Waiting(creating, ""));
    }

    /** How the attempt before ended: from the container if it still exists, else as reported. */
    private Optional<JsonObject> previousEnd(PodReality.Container container) {
        Optional<PodReality.Container> before =
                facts.existing().stream()
                        .filter(it -> it.name().equals(name))
                        .filter(it -> it.attempt() < container.attempt())
                        .filter(it -> it.state() == PodReality.State.EXITED)
                        .max(Comparator.comparingInt(PodReality.Container::attempt));
        if (before.isPresent()) {
            return before.map(ContainerStatus::end);
        }
        boolean same = last.text("containerID").equals(container.id());
        if (same && !last.object("state").has("waiting")) {
            return last.object("lastState").get("terminated").map(JsonObject.class::cast);
        }
        return same ? Optional.empty() : lastEnd();
    }

    private static JsonObject terminated(Optional<JsonObject> end) {
        return end.map(it -> JsonObject.of("terminated", it)).orElse(JsonObject.EMPTY);
    }

    private static JsonObject end(PodReality.Container container) {
        JsonObject.Builder end =
                JsonObject.builder()
                        .put("exitCode", container.exitCode())
                        .putUnlessEmpty("reason", container.reason());
        if (container.started() != null) {
            end.put("startedAt", StatusView.time(container.started()));
        }
        if (container.finished() != null) {
            end.put("finishedAt", StatusView.time(container.finished()));
        }
        return end.put("containerID", container.id()).build();
    }
}
