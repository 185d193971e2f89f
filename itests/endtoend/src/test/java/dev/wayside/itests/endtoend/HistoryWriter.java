// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.itests.endtoend.HistoryChecker.Acknowledged;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * One client that writes objects which nobody else writes: creates, replaces, patches, binds and
 * deletes them at random, and notes what was acknowledged.
 */
final class HistoryWriter implements Runnable {
    private static final int OBJECTS = 4;
    private static final String JSON = "application/json";
    private static final String MERGE = "application/merge-patch+json";
    private static final List<String> KINDS = List.of("pods", "configmaps", "secrets");

    private final int number;
    private final HistoryClient client;
    private final Random random;
    private final AtomicLong highest;
    private final BooleanSupplier mayWrite;

    private final Map<String, Boolean> there = new HashMap<>();
    private final Map<String, List<Acknowledged>> acknowledged = new HashMap<>();
    private long writes;
    private final AtomicInteger answered = new AtomicInteger();
    private volatile boolean done;

    /**
     * @param highest the highest revision that any client was given
     * @param mayWrite asked before each write
     */
    HistoryWriter(
            int number,
            HistoryClient client,
            long seed,
            AtomicLong highest,
            BooleanSupplier mayWrite) {
        this.number = number;
        this.client = client;
        this.random = new Random(seed + number);
        this.highest = highest;
        this.mayWrite = mayWrite;
    }

    void stop() {
        done = true;
    }

    /** How many of its writes were acknowledged so far. */
    int answered() {
        return answered.get();
    }

    /** By the plural of the kind. */
    List<Acknowledged> acknowledged(String kind) {
        return acknowledged.getOrDefault(kind, List.of());
    }

    static String path(String kind) {
        return "/api/v1/namespaces/" + namespace(kind) + "/" + kind;
    }

    private static String namespace(String kind) {
        return kind.equals("secrets") ? "other" : "default";
    }

    @Override
    public void run() {
        while (!done) {
            if (!mayWrite.getAsBoolean()) {
                client.awaitAnother();
                continue;
            }
            String kind = KINDS.get(random.nextInt(KINDS.size()));
            String name = "w" + number + "-" + random.nextInt(OBJECTS);
            try {
                write(kind, name);
            } catch (IOException e) {
                // Whether it had an effect will be asked before the next write of this object.
                there.remove(kind + name);
                client.awaitAnother();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void write(String kind, String name) throws IOException, InterruptedException {
        String path = path(kind) + "/" + name;
        Boolean known = there.get(kind + name);
        if (known == null) {
            known = client.send("GET", path, JSON, "").status() == 200;
        }
        String mark = "w" + number + "." + ++writes;
        if (!known) {
            send("POST", kind, path(kind), name, object(kind, name, mark), mark);
        } else if (random.nextInt(5) == 0) {
            send("DELETE", kind, path, name, "{\"gracePeriodSeconds\":0}", mark);
        } else if (kind.equals("pods") && random.nextInt(4) == 0) {
            bind(path, name);
        } else if (kind.equals("pods") || random.nextBoolean()) {
            send("PATCH", kind, path, name, "{\"metadata\":" + metadata(name, mark) + "}", mark);
        } else {
            send("PUT", kind, path, name, object(kind, name, mark), mark);
        }
    }

    private void send(
            String method, String kind, String path, String name, String body, String mark)
            throws IOException, InterruptedException {
        long floor = highest.get();
        String type = method.equals("PATCH") ? MERGE : JSON;
        HistoryClient.Answer answer = client.send(method, path, type, body);
        if (answer.status() / 100 != 2) {
            if (answer.status() / 100 == 4 && answer.status() != 429) {
                // Another writer of the connector's, or our own write whose answer was lost.
                there.remove(kind + name);
                return;
            }
            throw new IOException("refused: " + answer.body().text("message"));
        }
        boolean deletion = method.equals("DELETE");
        JsonObject metadata = answer.body().object("metadata");
        long revision = deletion ? 0 : Long.parseLong(metadata.text("resourceVersion"));
        note(
                kind,
                new Acknowledged(
                        namespace(kind) + "/" + name, floor, revision, mark, Long.MAX_VALUE - 1));
        highest.accumulateAndGet(revision, Math::max);
        there.put(kind + name, !deletion);
        answered.incrementAndGet();
    }

    private void note(String kind, Acknowledged write) {
        List<Acknowledged> writes = acknowledged.computeIfAbsent(kind, any -> new ArrayList<>());
        // A deletion must have been before the next write of the object that was acknowledged.
        for (int i = writes.size() - 1; i >= 0 && !write.isDeletion(); i--) {
            Acknowledged last = writes.get(i);
            if (last.key().equals(write.key())) {
                if (last.isDeletion()) {
                    writes.set(
                            i,
                            new Acknowledged(
                                    last.key(), last.floor(), 0, last.mark(), write.revision()));
                }
                break;
            }
        }
        writes.add(write);
    }

    private void bind(String path, String name) throws IOException, InterruptedException {
        var unused =
                client.send(
                        "POST",
                        path + "/binding",
                        JSON,
                        "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\""
                                + name
                                + "\"},\"target\":{\"kind\":\"Node\",\"name\":\"n"
                                + random.nextInt(2)
                                + "\"}}");
    }

    private String metadata(String name, String mark) {
        return metadata(
                name,
                mark,
                random.nextBoolean() ? "web" : "other",
                random.nextBoolean() ? "front" : "back");
    }

    private static String metadata(String name, String mark, String app, String tier) {
        return "{\"name\":\"%s\",\"labels\":{\"app\":\"%s\",\"tier\":\"%s\"},\"annotations\":{\"%s\":\"%s\"}}"
                .formatted(name, app, tier, StoreHistory.MARK, mark);
    }

    private String object(String kind, String name, String mark) {
        String node = random.nextInt(3) == 0 ? "" : "\"nodeName\":\"n" + random.nextInt(2) + "\",";
        return text(kind, metadata(name, mark), node);
    }

    /** An object that all watchers of its kind see. */
    static String seenByAll(String kind, String name, String mark) {
        return text(kind, metadata(name, mark, "web", "front"), "\"nodeName\":\"n0\",");
    }

    private static String text(String kind, String metadata, String node) {
        return switch (kind) {
            case "pods" ->
                    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":"
                            + metadata
                            + ",\"spec\":{"
                            + node
                            + "\"schedulerName\":\"nobody\",\"containers\":[{\"name\":\"main\",\"image\":\"busybox\"}]}}";
            case "configmaps" ->
                    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":" + metadata + "}";
            default -> "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":" + metadata + "}";
        };
    }
}
