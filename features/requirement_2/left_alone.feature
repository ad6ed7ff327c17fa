@MP107 @requirement-2
Feature: The data update leaves alone what is not incorrect, or what nobody can tell
  The same data update corrects another device of the S1SP, so it is not for want of an update that nothing changes.

  @MP107-R2-10 @FIA-3.3.2 @FIA-4.2.2 @severity-blocker
  Scenario Outline: A correct Network Operator that has renewed its certificate keeps the renewed one
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    And the correct Network Operator has placed the correct Network Operator's renewed certificate with SRV 6.15.1
    And another device of <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the data update is applied to the database of <s1sp>
    Then the data update has corrected the other device
    And the data update has left the device alone
    And no slot has changed
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-R2-11 @FIA-3.2 @FIA-4.2.2 @severity-critical
  Scenario Outline: A device under DCC control is still handed over by the Supplier
    Given the <device_type> served by <s1sp> whose Network Operator slot is under DCC control
    And another device of <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the data update is applied to the database of <s1sp>
    Then the data update has corrected the other device
    And the data update has left the device alone
    And no slot has changed
    When the Supplier sends SRV 6.21 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-R2-12 @FIA-4.2.2 @FIA-4.2.1 @severity-critical
  Scenario Outline: Where nobody is registered the incorrect Network Operator still owns the slot
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And nobody is registered as its Network Operator any more
    And another device of <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the data update is applied to the database of <s1sp>
    Then the data update has corrected the other device
    And the data update has left the device alone
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-R2-13 @FIA-4.2.2 @S1SR-4.2 @severity-blocker
  Scenario Outline: What a Network Operator repairs between plan and application is kept
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And another device of <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And the data update of the database of <s1sp> has been planned
    And the incorrect Network Operator has placed the correct Network Operator's renewed certificate with SRV 6.15.1
    When the data update is applied to the database of <s1sp>
    Then the data update has corrected the other device
    And the data update has skipped the device, as it had changed since the plan
    And no slot has changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |
