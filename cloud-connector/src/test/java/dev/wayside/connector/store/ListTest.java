// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ListTest {
    private static final ResourceType MAPS = ResourceType.CONFIG_MAPS;
    private static final ResourceType PODS = ResourceType.PODS;

    private MemoryStore store;

    @BeforeEach
    void open() throws IOException {
        store =
                new MemoryStore(
                        "listtest",
                        StoreSettings.DEFAULT
                                .withHistory(20, 1 << 20, 100)
                                .withTimes(
                                        Duration.ofMillis(50),
                                        Duration.ofSeconds(10),
                                        Duration.ofSeconds(60)));
    }

    @AfterEach
    void close() {
        store.close();
    }

    private ObjectList list(String namespace, int limit, String token, String revision) {
        return list(namespace, limit, token, revision, false);
    }

    private ObjectList list(
            String namespace, int limit, String token, String revision, boolean exact) {
        return store.store()
                .list(
                        new ListQuery(
                                MAPS,
                                namespace,
                                LabelSelector.EVERYTHING,
                                FieldSelector.EVERYTHING,
                                limit,
                                token,
                                revision,
                                exact));
    }

    private static List<String> names(ObjectList list) {
        return list.items().stream().map(item -> item.namespace() + "/" + item.name()).toList();
    }

    private static List<String> values(ObjectList list) {
        return list.items().stream()
                .map(item -> item.name() + "=" + item.json().text("data", "value"))
                .toList();
    }

    private static void refused(ThrowingCallable call, Reason reason, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(reason);
                            assertThat(e).hasMessageContaining(message);
                        });
    }

    @Test
    void listsInTheOrderOfNamesWithOneRevision() {
        store.map("shop", "a", "1");
        store.map("default", "b", "1");
        store.map("default", "a", "1");
        ObjectList all = list("", 0, "", "");
        assertThat(names(all)).containsExactly("default/a", "default/b", "shop/a");
        assertThat(all.resourceVersion()).isEqualTo(store.revision());
        assertThat(all.continueToken()).isEmpty();
        assertThat(names(list("shop", 0, "", "0"))).containsExactly("shop/a");
        assertThat(names(list("none", 0, "", ""))).isEmpty();
    }

    @Test
    void selects() {
        store.pod("a", "n1", Map.of("app", "web"));
        store.pod("b", "n1", Map.of("app", "db"));
        store.pod("c", "n2", Map.of("app", "web"));
        ObjectList list =
                store.store()
                        .list(
                                new ListQuery(
                                        PODS,
                                        "",
                                        LabelSelector.parse("app=web"),
                                        FieldSelector.parse("spec.nodeName=n1"),
                                        0,
                                        "",
                                        "",
                                        false));
        assertThat(names(list)).containsExactly("default/a");
    }

    @Test
    void pagesShowTheStateOfTheFirst() {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            store.map("default", name, "1");
        }
        ObjectList first = list("", 2, "", "");
        assertThat(values(first)).containsExactly("a=1", "b=1");
        assertThat(first.remaining()).hasValue(3);
        store.map("default", "c", "2");
        store.delete(MAPS, "d");
        store.map("default", "cc", "2");
        store.map("default", "cc", "3");
        store.delete(MAPS, "a");
        ObjectList second = list("", 2, first.continueToken(), "");
        assertThat(values(second)).containsExactly("c=1", "d=1");
        assertThat(second.resourceVersion()).isEqualTo(first.resourceVersion());
        ObjectList third = list("", 2, second.continueToken(), "");
        assertThat(values(third)).containsExactly("e=1");
        assertThat(third.continueToken()).isEmpty();
    }

    @Test
    void refusesTokensThatAreTooOldOrOfAnotherList() throws IOException {
        store.map("default", "a", "1");
        store.map("default", "b", "1");
        String token = list("default", 1, "", "").continueToken();
        refused(() -> list("", 1, token, ""), Reason.BAD_REQUEST, "continue key is not valid");
        refused(() -> list("default", 1, "zzz", ""), Reason.BAD_REQUEST, "not valid");
        refused(() -> list("default", 1, "!", ""), Reason.BAD_REQUEST, "not valid");
        refused(
                () -> list("default", 1, token, "5"),
                Reason.BAD_REQUEST,
                "specifying resource version is not allowed when using continue");
        store.restart();
        assertThat(names(list("default", 1, token, ""))).containsExactly("default/b");
        for (int i = 0; i < 50; i++) {
            store.map("default", "a", Integer.toString(i));
        }
        refused(
                () -> list("default", 1, token, ""),
                Reason.EXPIRED,
                "The provided continue parameter is too old");
    }

    @Test
    void listsAsOfARevision() {
        String one = store.map("default", "a", "1");
        store.map("default", "a", "2");
        assertThat(values(list("", 0, "", one, true))).containsExactly("a=1");
        assertThat(list("", 0, "", one, true).resourceVersion()).isEqualTo(one);
        assertThat(values(list("", 0, "", one, false))).containsExactly("a=2");
        refused(() -> list("", 0, "", "", true), Reason.BAD_REQUEST, "Exact");
        refused(
                () -> list("", 0, "", "999999", false),
                Reason.TIMEOUT,
                "Too large resource version: 999999");
        refused(() -> list("", 0, "", "-1x", false), Reason.BAD_REQUEST, "Invalid value");
        for (int i = 0; i < 50; i++) {
            store.map("default", "a", Integer.toString(i));
        }
        refused(
                () -> list("", 0, "", one, true),
                Reason.EXPIRED,
                "The resourceVersion for the provided list is too old.");
    }
}
