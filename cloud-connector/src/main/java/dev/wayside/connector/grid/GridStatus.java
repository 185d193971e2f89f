// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The status of a grid from its sites. Pure.
 *
 * <p>{@code states} has an entry for every site, the child's own status complete; a site that
 * failed says so in a condition {@code SiteFailed}. The grid's conditions are {@code Available}
 * (every site is), {@code Degraded} (some site could not be made as asked), {@code SitesGone}
 * (children outlive their site's last label) and, once that was the case, {@code Held} (nothing
 * changes anywhere until somebody makes clear which GridRollout it is under).
 *
 * @param heldBack the sites that have something else than the grid asks now, since a rollout has
 *     not let them change, or took it back
 * @param observed the last generation that every site was brought to
 */
record GridStatus(
        KubeObject grid,
        SortedMap<String, Site> sites,
        List<String> heldBack,
        Optional<RolloutGate.Held> held,
        long observed,
        Instant now) {
    static final String HELD = "Held";
    static final String DEGRADED = "Degraded";
    static final String SITES_GONE = "SitesGone";
    private static final String AVAILABLE = "Available";
    private static final int NAMED = 5;
    private static final List<String> COUNTS =
            List.of("replicas", "readyReplicas", "updatedReplicas", "availableReplicas");

    /**
     * One site.
     *
     * @param child null if there is none
     * @param failure null if nothing failed
     * @param gone what is said about a site that no node carries any more, null if one does
     */
    record Site(@Nullable KubeObject child, @Nullable SiteFailure failure, @Nullable String gone) {}

    JsonObject json() {
        JsonObject.Builder states = JsonObject.builder();
        sites.forEach((name, site) -> states.put(name, state(name, site)));
        JsonArray conditions = grid.status().array("conditions");
        conditions = Conditions.with(conditions, available(), now);
        conditions = Conditions.with(conditions, degraded(), now);
        conditions = Conditions.with(conditions, gone(), now);
        if (held.isPresent() || Conditions.find(conditions, HELD).isPresent()) {
            conditions =
                    Conditions.with(
                            conditions,
                            held.map(
                                            why ->
                                                    Conditions.of(
                                                            HELD,
                                                            "True",
                                                            why.reason(),
                                                            why.message()))
                                    .orElse(Conditions.of(HELD, "False", "AsExpected", "")),
                            now);
        }
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("observedGeneration", observed)
                        .put("states", states.build())
                        .put("conditions", conditions);
        if (!heldBack.isEmpty()) {
            status.put(
                    "heldSites",
                    new JsonArray(heldBack.stream().map(Json::of).map(Json.class::cast).toList()));
        }
        return status.build();
    }

    private JsonObject state(String name, Site site) {
        JsonObject status = site.child() == null ? JsonObject.EMPTY : site.child().status();
        JsonObject.Builder state = JsonObject.builder();
        COUNTS.forEach(count -> state.put(count, status.number(count).orElse(0)));
        state.putAll(status);
        if (site.failure() != null) {
            JsonArray before = grid.status().object("states").array(name, "conditions");
            Optional<JsonObject> failed = Conditions.find(before, "SiteFailed");
            JsonArray conditions =
                    failed.isPresent()
                            ? status.array("conditions").plus(failed.get())
                            : status.array("conditions");
            state.put(
                    "conditions",
                    Conditions.with(
                            conditions,
                            Conditions.of(
                                    "SiteFailed",
                                    "True",
                                    site.failure().reason(),
                                    message(site.failure())),
                            now));
        }
        return state.build();
    }

    private static String message(SiteFailure failure) {
        String message = failure.getMessage();
        return message == null ? "" : message;
    }

    private JsonObject available() {
        List<String> waiting = new ArrayList<>();
        sites.forEach(
                (name, site) -> {
                    if (site.child() == null || !GridKind.isAvailable(site.child())) {
                        waiting.add(name);
                    }
                });
        if (sites.isEmpty()) {
            return Conditions.of(
                    AVAILABLE,
                    "False",
                    "NoSites",
                    "No node carries the label \"" + GridChild.key(grid) + "\".");
        }
        return waiting.isEmpty()
                ? Conditions.of(
                        AVAILABLE, "True", "AllSitesAvailable", counted(0) + " are available.")
                : Conditions.of(
                        AVAILABLE,
                        "False",
                        "SitesUnavailable",
                        counted(waiting.size())
                                + " are available; waiting for "
                                + named(waiting)
                                + ".");
    }

    private String counted(int missing) {
        return (sites.size() - missing) + " of " + sites.size() + " sites";
    }

    private JsonObject degraded() {
        List<String> names = new ArrayList<>();
        List<SiteFailure> failures = new ArrayList<>();
        sites.forEach(
                (name, site) -> {
                    if (site.failure() != null) {
                        names.add(name);
                        failures.add(site.failure());
                    }
                });
        return failures.isEmpty()
                ? Conditions.of(DEGRADED, "False", "AsExpected", "")
                : Conditions.of(
                        DEGRADED,
                        "True",
                        "SitesFailed",
                        failures.size()
                                + " of "
                                + sites.size()
                                + " sites failed: "
                                + named(names)
                                + ". First: "
                                + message(failures.get(0)));
    }

    private JsonObject gone() {
        List<String> said = new ArrayList<>();
        for (Site site : sites.values()) {
            if (site.gone() != null) {
                said.add(site.gone());
            }
        }
        String complaint = RemovalGrace.complaint(grid).orElse("");
        if (said.isEmpty()) {
            return Conditions.of(
                    SITES_GONE,
                    "False",
                    complaint.isEmpty() ? "AsExpected" : "InvalidAnnotation",
                    complaint);
        }
        String more = said.size() > NAMED ? " And " + (said.size() - NAMED) + " more." : "";
        return Conditions.of(
                SITES_GONE,
                "True",
                "NoNodeCarriesLabel",
                String.join(" ", said.subList(0, Math.min(NAMED, said.size())))
                        + more
                        + (complaint.isEmpty() ? "" : " " + complaint));
    }

    int sitesGone() {
        return (int) sites.values().stream().filter(site -> site.gone() != null).count();
    }

    private static String named(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
        return names.size() > NAMED ? first + " and " + (names.size() - NAMED) + " more" : first;
    }
}
