package dev.seedbed.controlplane.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.hibernate.TransactionException;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.orm.jpa.JpaSystemException;
import org.springframework.transaction.CannotCreateTransactionException;

class DatabaseFailureTest {

    @Test
    void aDatabaseThatIsAwayOrBusyMayBeTriedAgain() {
        assertThat(DatabaseFailure.mayPass(new CannotCreateTransactionException("no connection")))
                .isTrue();
        assertThat(DatabaseFailure.mayPass(new QueryTimeoutException("lock timeout")))
                .isTrue();
    }

    @Test
    void aConnectionLostWithinATransactionMayBeTriedAgainThoughOnlyTheRollbackIsTold() {
        var told = new JpaSystemException(
                new TransactionException("Unable to rollback", new SQLException("Connection is closed")));
        assertThat(DatabaseFailure.mayPass(told)).isTrue();
    }

    @Test
    void aDefectOfOursIsNotTriedAgain() {
        assertThat(DatabaseFailure.mayPass(new DataIntegrityViolationException("duplicate key")))
                .isFalse();
        assertThat(DatabaseFailure.mayPass(new JpaSystemException(new IllegalStateException("no transaction"))))
                .isFalse();
    }
}
