// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From any point of the past, what a watch is told leads to the present, or it is a clear 410. */
final class ResumeTest {
    private static final ResourceType PODS = ResourceType.PODS;
    private static final int STEPS = 1_500;

    /** What a client knew: the revision of each object by name. */
    private record Point(String revision, Map<String, String> known) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "spec.nodeName=mine",
                "spec.nodeName=mine,metadata.name!=p2",
                "metadata.name=p1,metadata.namespace=default"
            })
    void whatIsToldLeadsToThePresent(String selector) throws Exception {
        FieldSelector fields = FieldSelector.parse(selector);
        Random random = new Random(5);
        TreeSet<String> outcomes = new TreeSet<>();
        List<Point> past = new ArrayList<>();
        try (MemoryStore store =
                new MemoryStore(
                        "resumetest", StoreSettings.DEFAULT.withHistory(20, 64 << 20, 12))) {
            for (int step = 0; step < STEPS; step++) {
                change(store, random, step);
                Point now = now(store, fields);
                past.add(now);
                Point then = past.get(Math.max(0, step - random.nextInt(80)));
                outcomes.add(resume(store, fields, then, now));
            }
        }
        assertThat(outcomes).containsExactly("410", "changes", "present");
    }

    private static void change(MemoryStore store, Random random, int step) throws Exception {
        String pod = "p" + random.nextInt(4);
        if (random.nextInt(12) > 0) {
            String node = random.nextInt(15) == 0 ? "n" + random.nextInt(5) : "mine";
            store.pod(pod, node, Map.of("step", "x" + step));
        } else if (store.store().get(PODS.key("default", pod)).isPresent()) {
            store.delete(PODS, pod);
        }
        for (int other = random.nextInt(6); other > 0; other--) {
            store.pod("other", "other", Map.of("step", step + "y" + other));
        }
        if (random.nextInt(100) == 0) {
            store.restart();
        }
    }

    private static Point now(MemoryStore store, FieldSelector fields) {
        var list =
                store.store()
                        .list(
                                new ListQuery(
                                        PODS,
                                        "",
                                        LabelSelector.EVERYTHING,
                                        fields,
                                        0,
                                        "",
                                        "",
                                        false));
        return new Point(
                list.resourceVersion(),
                list.items().stream()
                        .collect(Collectors.toMap(KubeObject::name, KubeObject::resourceVersion)));
    }

    private static String resume(MemoryStore store, FieldSelector fields, Point then, Point now)
            throws Exception {
        Recorder recorder = new Recorder();
        Map<String, String> known = new HashMap<>(then.known());
        String outcome = "changes";
        long last = Long.parseLong(then.revision());
        try (Watch watch = store.watch(PODS, then.revision(), fields, recorder)) {
            watch.bookmark();
            for (Event event = recorder.next();
                    event.type() != EventType.BOOKMARK;
                    event = recorder.next()) {
                KubeObject object = event.object();
                long revision = Long.parseLong(object.resourceVersion());
                assertThat(revision).as("revisions rise").isGreaterThan(last);
                last = revision;
                String before =
                        event.type() == EventType.DELETED
                                ? known.remove(object.name())
                                : known.put(object.name(), object.resourceVersion());
                if (event.type() == EventType.ADDED && before != null) {
                    outcome = "present";
                }
            }
        } catch (ApiException e) {
            assertThat(e.reason()).isEqualTo(Reason.EXPIRED);
            return "410";
        }
        assertThat(known).isEqualTo(now.known());
        return outcome;
    }
}
