// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What must be known of a run to go on with it after a restart; all else is seen in the sites. A
 * site that is updated and not in {@code changing} has passed, for good.
 *
 * @param run counts the runs
 * @param firstRun the first one for what is asked now
 * @param rollingBack whether sites get back what they had
 * @param started when the run began
 * @param changing the sites that may change now and have not passed, {@value Planner#MOST} at most
 * @param failure what stopped the run
 * @param unrestored sites that could not be brought back, {@value Planner#MOST} at most
 */
public record Progress(
        Phase phase,
        long run,
        long firstRun,
        boolean rollingBack,
        Instant started,
        NavigableMap<String, Changing> changing,
        Optional<Failure> failure,
        List<String> unrestored) {

    /** Nothing was ever done. */
    public static final Progress NONE =
            new Progress(
                    Phase.IDLE,
                    0,
                    0,
                    false,
                    Instant.EPOCH,
                    new TreeMap<>(),
                    Optional.empty(),
                    List.of());

    /**
     * A site that may change.
     *
     * @param since when it was begun
     * @param from when its time to become available began: then, or when it came back
     * @param availableSince empty if it is not
     * @param away whether it could not be heard when last looked at
     * @param restartsBefore restarts that do not count
     */
    public record Changing(
            Instant since,
            Instant from,
            Optional<Instant> availableSince,
            boolean away,
            long restartsBefore) {}

    /**
     * Why a run stopped.
     *
     * @param site empty if it was none's fault
     * @param reason one word
     */
    public record Failure(String site, String reason, String message) {
        /** With the site. */
        public String text() {
            return site.isEmpty() ? message : site + ": " + message;
        }
    }

    /**
     * A new run: from the start, for what is asked now. Sites that are being changed to just that
     * still have to pass.
     *
     * @param kept which of the sites that are being changed are
     * @param other whether something else is asked than in the run before
     */
    public Progress next(Predicate<String> kept, boolean other, Instant now) {
        NavigableMap<String, Changing> still = new TreeMap<>(changing);
        still.keySet().removeIf(kept.negate());
        return new Progress(
                Phase.PROGRESSING,
                run + 1,
                other ? run + 1 : firstRun,
                false,
                now.truncatedTo(ChronoUnit.MILLIS),
                still,
                Optional.empty(),
                List.of());
    }

    /**
     * Time in which nobody watched is not held against the sites that are being changed.
     *
     * @param start since when they are watched
     */
    public Progress watchedFrom(Instant start) {
        Instant from = start.truncatedTo(ChronoUnit.MILLIS);
        NavigableMap<String, Changing> watched = new TreeMap<>(changing);
        watched.replaceAll(
                (name, site) ->
                        site.from().isBefore(from)
                                ? new Changing(
                                        site.since(),
                                        from,
                                        site.availableSince(),
                                        site.away(),
                                        site.restartsBefore())
                                : site);
        return new Progress(
                phase, run, firstRun, rollingBack, started, watched, failure, unrestored);
    }

    /** A new run in which the sites that failed get another chance. */
    public Progress retry(Map<String, Site> sites, Instant now) {
        Progress next =
                next(
                        name ->
                                Optional.ofNullable(sites.get(name))
                                        .filter(Site::updated)
                                        .isPresent(),
                        false,
                        now);
        next.changing()
                .replaceAll(
                        (name, before) -> {
                            Site site = sites.get(name);
                            return new Changing(
                                    before.since(),
                                    next.started(),
                                    Optional.empty(),
                                    false,
                                    site == null ? 0 : site.restarts());
                        });
        return next;
    }

    /** Whether nothing happens until somebody changes what is asked. */
    public boolean isStopped() {
        return phase == Phase.ROLLED_BACK
                || phase == Phase.FAILED
                || (phase == Phase.PAUSED && failure.isPresent() && !rollingBack);
    }

    /** The members of a status that {@link #of} reads. */
    public JsonObject json() {
        JsonObject.Builder json =
                JsonObject.builder()
                        .put("phase", phase.word())
                        .put("run", run)
                        .put("firstRun", firstRun);
        if (run > 0) {
            json.put("startedAt", started.toString());
        }
        if (rollingBack) {
            json.put("rollingBack", true);
        }
        failure.ifPresent(
                why ->
                        json.put(
                                "failure",
                                JsonObject.builder()
                                        .putUnlessEmpty("site", why.site())
                                        .put("reason", why.reason())
                                        .put("message", why.message())
                                        .build()));
        List<Json> sites = new ArrayList<>();
        changing.forEach((name, site) -> sites.add(json(name, site)));
        return json.putUnlessEmpty("sites", new JsonArray(sites))
                .putUnlessEmpty("failedSites", JsonArray.ofStrings(new TreeSet<>(unrestored)))
                .build();
    }

    private static JsonObject json(String name, Changing site) {
        JsonObject.Builder json =
                JsonObject.builder()
                        .put("name", name)
                        .put(
                                "state",
                                site.away()
                                        ? "Away"
                                        : site.availableSince().isPresent()
                                                ? "Available"
                                                : "Updating")
                        .put("since", site.since().toString());
        if (!site.from().equals(site.since())) {
            json.put("countedFrom", site.from().toString());
        }
        site.availableSince().ifPresent(since -> json.put("availableSince", since.toString()));
        if (site.restartsBefore() > 0) {
            json.put("restartsBefore", site.restartsBefore());
        }
        return json.build();
    }

    /** What a status says; nothing for a status that says nothing. */
    public static Progress of(JsonObject status) {
        NavigableMap<String, Changing> changing = new TreeMap<>();
        for (JsonObject site : status.array("sites").objects()) {
            Instant since = KubeObject.time(site, "since").orElse(Instant.EPOCH);
            changing.put(
                    site.text("name"),
                    new Changing(
                            since,
                            KubeObject.time(site, "countedFrom").orElse(since),
                            KubeObject.time(site, "availableSince"),
                            site.text("state").equals("Away"),
                            site.number("restartsBefore").orElse(0)));
        }
        JsonObject failure = status.object("failure");
        return new Progress(
                Phase.of(status.text("phase")),
                status.number("run").orElse(0),
                status.number("firstRun").orElse(0),
                status.flag("rollingBack"),
                KubeObject.time(status, "startedAt").orElse(Instant.EPOCH),
                changing,
                failure.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new Failure(
                                        failure.text("site"),
                                        failure.text("reason"),
                                        failure.text("message"))),
                status.array("failedSites").strings());
    }
}
