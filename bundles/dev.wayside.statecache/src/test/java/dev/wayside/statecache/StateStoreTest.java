// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateStoreTest {
    @TempDir Path folder;
    private final AtomicInteger syncs = new AtomicInteger();
    private final AtomicBoolean broken = new AtomicBoolean();
    private final List<StateStore> open = new ArrayList<>();

    @AfterEach
    void close() {
        open.forEach(StateStore::close);
    }

    @Test
    void remembersAcrossRestarts() throws Exception {
        StateStore first = open();
        first.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
        first.write(edit -> edit.put("r/a/2", JsonObject.of("x", "z".repeat(10_000))));
        first.write(edit -> edit.remove("r/a/1"));
        first.close();

        StateStore second = open();
        assertThat(second.get("r/a/1")).isEmpty();
        assertThat(second.get("r/a/2").orElseThrow().text("x")).hasSize(10_000);
    }

    @Test
    void syncsBeforeItShowsOrTells() throws Exception {
        StateStore store = open();
        List<Integer> syncsWhenTold = new CopyOnWriteArrayList<>();
        store.onSynced(keys -> syncsWhenTold.add(syncs.get()));
        int before = syncs.get();
        store.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
        assertThat(syncsWhenTold).containsExactly(before + 1);
    }

    @Test
    void writesNothingForWhatIsThereAlready() throws Exception {
        StateStore store = open();
        store.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
        int before = syncs.get();
        store.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
        store.write(edit -> edit.remove("r/a/none"));
        assertThat(syncs.get()).isEqualTo(before);
    }

    @Test
    void sharesOneSyncAmongMany() throws Exception {
        StateStore store = open();
        int before = syncs.get();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String key = "r/a/" + i;
            all.add(store.submit(edit -> edit.put(key, JsonObject.of("x", key))));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
        assertThat(syncs.get() - before).isLessThan(20);
    }

    @Test
    void changesOfOneGroupSeeEachOther() throws Exception {
        StateStore store = open();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(
                    store.submit(
                            edit -> {
                                long n =
                                        edit.get("r/a/n")
                                                .map(it -> it.number("n").orElse(0))
                                                .orElse(0L);
                                edit.put("r/a/n", JsonObject.EMPTY.with("n", n + 1));
                            }));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
        assertThat(store.get("r/a/n").orElseThrow().number("n")).hasValue(100);
    }

    @Test
    void aRefusedChangeLeavesNothingAndHarmsNoOther() throws Exception {
        StateStore store = open();
        CompletableFuture<Void> good = store.submit(edit -> edit.put("r/a/good", JsonObject.EMPTY));
        CompletableFuture<Void> bad =
                store.submit(
                        edit -> {
                            edit.put("r/a/bad", JsonObject.EMPTY);
                            throw new StateException("no", null);
                        });
        good.get();
        assertThat(bad).failsWithin(Duration.ofSeconds(5));
        assertThat(store.keys("r/")).containsExactly("r/a/good");
    }

    @Test
    void livesOnWhenTheDiskFailsAndRecovers() throws Exception {
        StateStore store = open();
        store.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
        broken.set(true);
        assertThatThrownBy(() -> store.write(edit -> edit.put("r/a/2", JsonObject.EMPTY)))
                .isInstanceOf(StateException.class);
        assertThat(store.trouble()).isNotEmpty();
        assertThat(store.get("r/a/1")).isPresent();
        broken.set(false);
        store.write(edit -> edit.put("r/a/3", JsonObject.EMPTY));
        assertThat(store.trouble()).isEmpty();
        assertThat(store.keys("r/")).contains("r/a/1", "r/a/3");
    }

    @Test
    void tellsWhatAFailedWriteLeftOnTheDiskAfterAll() throws Exception {
        StateStore store = open();
        List<String> told = new CopyOnWriteArrayList<>();
        store.onSynced(told::addAll);
        broken.set(true); // the sync fails, but the bytes were written
        assertThatThrownBy(() -> store.write(edit -> edit.put("r/a/2", JsonObject.EMPTY)))
                .isInstanceOf(StateException.class);
        assertThat(told).isEmpty();
        broken.set(false);
        store.write(edit -> edit.put("r/a/3", JsonObject.EMPTY));
        assertThat(told).contains("r/a/2", "r/a/3");
    }

    @Test
    void staysSmallHoweverOftenItIsWritten() throws Exception {
        StateStore store = open();
        for (int i = 0; i < 200; i++) {
            int n = i;
            store.write(edit -> edit.put("r/a/n", JsonObject.EMPTY.with("n", n)));
        }
        assertThat(Files.size(file())).isLessThan(400_000);
        store.close();
        assertThat(open().get("r/a/n").orElseThrow().number("n")).hasValue(199);
    }

    @Test
    void setsAFileAsideThatIsBroken() throws Exception {
        StateStore first = open();
        first.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
        first.close();
        Files.write(file(), new byte[8192], StandardOpenOption.WRITE);
        StateStore second = new StateStore(stateFile(), Duration.ZERO);
        open.add(second);
        List<String> damage = new ArrayList<>();
        second.onDamage(damage::add);
        second.open();
        assertThat(damage).hasSize(1);
        assertThat(second.keys("r/")).isEmpty();
        assertThat(aside()).isEqualTo(1);
        second.write(edit -> edit.put("r/a/1", JsonObject.EMPTY));
    }

    @Test
    void keepsThreeBrokenFilesAtMost() throws Exception {
        for (int i = 0; i < 5; i++) {
            Files.write(file(), "no store at all".repeat(1000).getBytes(UTF_8));
            StateStore store = open();
            store.write(edit -> edit.put("r/a/1", JsonObject.of("x", "y")));
            store.close();
        }
        assertThat(aside()).isEqualTo(3);
    }

    @Test
    void findsABitThatFlipped() throws Exception {
        StateStore first = open();
        first.write(edit -> edit.put("r/a/1", JsonObject.of("secret", "findme")));
        // More chunks after it, so that cutting the tail does not help.
        for (int i = 0; i < 5; i++) {
            int n = i;
            first.write(edit -> edit.put("m/n", JsonObject.EMPTY.with("n", n)));
        }
        first.close();
        byte[] all = Files.readAllBytes(file());
        String text = new String(all, java.nio.charset.StandardCharsets.ISO_8859_1);
        for (int at = text.indexOf("findme"); at >= 0; at = text.indexOf("findme", at + 1)) {
            all[at] ^= 1;
        }
        Files.write(file(), all);
        StateStore second = new StateStore(stateFile(), Duration.ZERO);
        open.add(second);
        List<String> damage = new ArrayList<>();
        second.onDamage(damage::add);
        second.open();
        assertThat(damage.toString()).contains("checksum");
    }

    @Test
    void refusesAFormatItDoesNotKnow() throws Exception {
        StateStore first = open();
        first.write(edit -> edit.put(Keys.ABOUT, JsonObject.EMPTY.with("format", 99)));
        first.write(edit -> edit.put("r/a/1", JsonObject.EMPTY));
        first.write(edit -> edit.put("r/a/2", JsonObject.EMPTY));
        first.write(edit -> edit.put("r/a/3", JsonObject.EMPTY));
        first.close();
        StateStore second = new StateStore(stateFile(), Duration.ZERO);
        open.add(second);
        List<String> damage = new ArrayList<>();
        second.onDamage(damage::add);
        second.open();
        assertThat(damage.toString()).contains("format 99");
    }

    @Test
    void aSecondProcessIsToldThatTheFileIsInUse() throws Exception {
        StateStore first = open();
        first.write(edit -> edit.put("r/a/1", JsonObject.EMPTY));
        StateStore second = open();
        assertThat(second.trouble()).isNotEmpty();
        assertThat(second.keys("r/")).isEmpty();
        assertThatThrownBy(() -> second.write(edit -> edit.put("r/a/2", JsonObject.EMPTY)))
                .isInstanceOf(StateException.class);
        first.close();
        second.write(edit -> edit.put("r/a/2", JsonObject.EMPTY));
        assertThat(second.keys("r/")).containsExactly("r/a/1", "r/a/2");
        assertThat(aside()).isZero();
    }

    @Test
    void writesNothingWhileIdle() throws Exception {
        StateStore store = open();
        store.write(edit -> edit.put("r/a/1", JsonObject.EMPTY));
        var modified = Files.getLastModifiedTime(file());
        long size = Files.size(file());
        for (int i = 0; i < 100; i++) {
            store.get("r/a/1");
            store.all("r/");
        }
        assertThat(Files.size(file())).isEqualTo(size);
        assertThat(Files.getLastModifiedTime(file())).isEqualTo(modified);
    }

    @Test
    void stopsWithinTimeAndRefusesAfterwards() throws Exception {
        StateStore store = open();
        CompletableFuture<Void> last = store.submit(edit -> edit.put("r/a/1", JsonObject.EMPTY));
        store.close();
        assertThat(last).isCompleted();
        assertThatThrownBy(() -> store.write(edit -> edit.put("r/a/2", JsonObject.EMPTY)))
                .isInstanceOf(StateException.class);
    }

    private Path file() {
        return folder.resolve("state.mv");
    }

    private long aside() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(it -> it.toString().contains(".corrupt-")).count();
        }
    }

    private StateFile stateFile() {
        return new StateFile(file().toString(), 200_000, Clock.systemUTC(), this::sync);
    }

    private void sync(MVStore store) {
        syncs.incrementAndGet();
        if (broken.get()) {
            throw new IllegalStateException("the disk is broken");
        }
        store.sync();
    }

    private StateStore open() {
        StateStore store = new StateStore(stateFile(), Duration.ofMillis(2));
        store.open();
        open.add(store);
        return store;
    }
}
